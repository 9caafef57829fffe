import django.db.models.deletion
from django.db import migrations, models

# A use of each code for a sale, none of those that reservations keep for others. Two statements, so that the second, which
# begins when the codes are locked, sees what reserved them while the first one waited.
CLAIM = """
CREATE FUNCTION claim_promo_codes(wanted bigint[], asked timestamptz)
RETURNS TABLE (code_id bigint, per_customer integer) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM 1 FROM campaigns_promocode WHERE id = ANY(wanted) ORDER BY id FOR NO KEY UPDATE;
    RETURN QUERY
    UPDATE campaigns_promocode c SET used = c.used + 1
     WHERE c.id = ANY(wanted) AND c.is_active
       AND (c.max_uses IS NULL OR c.used + (
               SELECT count(*) FROM campaigns_promocodehold h
                WHERE h.promo_code_id = c.id AND h.expires_at > asked) < c.max_uses)
       AND EXISTS (SELECT FROM campaigns_promocodepool o WHERE o.id = c.pool_id AND o.is_active)
    RETURNING c.id, c.max_uses_per_customer;
END
$$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0016_no_index_twice'),
    ]

    operations = [
        migrations.CreateModel(
            name='PromoCodeHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reservation', models.UUIDField(verbose_name='reservation')),
                ('customer_key', models.CharField(blank=True, default='', max_length=40, verbose_name='customer')),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
                ('promo_code', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='campaigns.promocode', verbose_name='promo code')),
            ],
            options={
                'verbose_name': 'held promo code',
                'verbose_name_plural': 'held promo codes',
                'indexes': [models.Index(fields=['promo_code', 'expires_at'], name='promo_code_hold_by_code')],
                'constraints': [models.UniqueConstraint(fields=('reservation', 'promo_code'), name='promo_code_hold_once_per_reservation')],
            },
        ),
        migrations.RunSQL(CLAIM, "DROP FUNCTION claim_promo_codes"),
    ]
