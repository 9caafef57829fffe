from django.db import migrations, models

import retail.models.search
from retail.index_building import BuildIndexConcurrently


class Migration(migrations.Migration):
    # Tills write customers meanwhile.
    atomic = False
    dependencies = [("customers", "0010_keeping_metrics")]
    operations = [
        BuildIndexConcurrently(
            model_name="customer",
            index=models.Index(retail.models.search.Searchable("city"), name="customer_by_city"),
        ),
    ]
