from django.db import migrations, models

import retail.models.search


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0010_keeping_metrics'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(retail.models.search.Searchable('city'), name='customer_by_city'),
        ),
    ]
