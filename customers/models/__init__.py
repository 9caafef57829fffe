from customers.models.appointment import Appointment, AppointmentStatus
from customers.models.consent import Consent, ConsentChannel, Purpose
from customers.models.customer import Customer, CustomerGrouping, Sex

__all__ = [
    "Appointment",
    "AppointmentStatus",
    "Consent",
    "ConsentChannel",
    "Customer",
    "CustomerGrouping",
    "Purpose",
    "Sex",
]
