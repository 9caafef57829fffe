from django.db import migrations, models

# A comparison with an empty field is neither true nor false, and a constraint that is not false holds: these let pass what
# they were made to refuse. Nothing that forms or the API save is concerned.


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0019_prices_of_loads")]

    operations = [
        migrations.RemoveConstraint(model_name="issuinggrant", name="issuing_grant_amount_or_percent"),
        migrations.AddConstraint(
            model_name="issuinggrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("percent__isnull", True)),
                    models.Q(
                        ("amount", 0), ("percent__gt", 0), ("percent__isnull", False), ("percent__lte", 100)
                    ),
                    _connector="OR",
                ),
                name="issuing_grant_amount_or_percent",
            ),
        ),
        migrations.RemoveConstraint(model_name="issuingrule", name="issuing_rule_window_of_a_customer"),
        migrations.AddConstraint(
            model_name="issuingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("trigger", "customer"), ("window_days__gt", 0), ("window_days__isnull", False)),
                    models.Q(
                        models.Q(("trigger", "customer"), _negated=True), ("window_days__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="issuing_rule_window_of_a_customer",
            ),
        ),
        migrations.RemoveConstraint(model_name="pointsprogram", name="points_program_ratio_whole"),
        migrations.AddConstraint(
            model_name="pointsprogram",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("per_amount__isnull", True), ("points__isnull", True)),
                    models.Q(
                        ("per_amount__gt", 0),
                        ("per_amount__isnull", False),
                        ("points__gt", 0),
                        ("points__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="points_program_ratio_whole",
            ),
        ),
    ]
