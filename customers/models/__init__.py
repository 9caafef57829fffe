from customers.models.appointment import Appointment, AppointmentStatus
from customers.models.consent import Consent, ConsentChannel, Purpose
from customers.models.customer import Customer, CustomerGrouping, Sex
from customers.models.pin import CustomerPin

__all__ = [
    "Appointment",
    "AppointmentStatus",
    "Consent",
    "ConsentChannel",
    "Customer",
    "CustomerGrouping",
    "CustomerPin",
    "Purpose",
    "Sex",
]
