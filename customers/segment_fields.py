"""What this package lets segments ask for."""

from customers.segments import metric_fields, person_fields, purchase_fields

FIELDS = [*person_fields.FIELDS, *metric_fields.FIELDS, *purchase_fields.FIELDS]
