from django.db import migrations, models
from django.db.models.functions import Upper

import retail.models.search
from retail.index_building import BuildIndexConcurrently


class Migration(migrations.Migration):
    # Tills write customers and consents meanwhile.
    atomic = False
    dependencies = [("customers", "0014_postal_codes_and_tried_groupings")]
    operations = [
        BuildIndexConcurrently(
            model_name="consent",
            index=models.Index(fields=["given_at"], name="consent_by_moment"),
        ),
        BuildIndexConcurrently(
            model_name="customer",
            index=models.Index(retail.models.search.PostalKey("postal_code"), name="customer_by_postal_code"),
        ),
        BuildIndexConcurrently(
            model_name="customer",
            index=models.Index(retail.models.search.Searchable("name"), "id", name="customer_by_name"),
        ),
        BuildIndexConcurrently(
            model_name="customer",
            index=models.Index(
                Upper("state"),
                name="customer_by_state",
                include=["id", "state", "sex"],
                condition=models.Q(is_active=True),
            ),
        ),
    ]
