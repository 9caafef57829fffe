from customers.models.consent import Consent, ConsentChannel, Purpose
from customers.models.customer import Customer, CustomerGrouping, Sex

__all__ = ["Consent", "ConsentChannel", "Customer", "CustomerGrouping", "Purpose", "Sex"]
