"""What the forms of loyalty search: products, and customers by whoever may see them."""

from collections.abc import Iterable

from customers.models import Customer
from loyalty.forms.customer_choice import reference_to
from retail.views.choices import MOST, Choice, ChoicesPage, products


def customers(text: str) -> Iterable[Choice]:
    """Return how a form refers to the active customers that fit, and their names; none for an empty text."""
    for customer in Customer.objects.active().search(text).order_by("name", "pk")[:MOST] if text else ():
        yield reference_to(customer.pk), str(customer)


class Choices(ChoicesPage):
    permission_required = "loyalty.view_pointsprogram"
    searches = {"sku": products, "customer": customers}
