from django.db import migrations

# Which issuing rules there are for sales, in which version: what processes remember of them is good as long as this is
# the same. A change of a rule's type is a change of the rule.
VERSION = """
CREATE FUNCTION issuing_version() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(string_agg(r.id || ':' || r.version || ':' || t.version, ' ' ORDER BY r.id), '')
      FROM loyalty_issuingrule r JOIN loyalty_storedvaluetype t ON t.id = r.type_id
     WHERE r.is_active AND r.trigger <> 'new_customer'
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pos_api", "0012_stored_values_of_a_basket"),
        ("loyalty", "0009_issuing"),
    ]

    operations = [migrations.RunSQL(VERSION, "DROP FUNCTION issuing_version")]
