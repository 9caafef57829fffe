"""The page of the company's settings for redeeming value."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from retail.forms.redemption import RedemptionForm
from retail.models import Company
from retail.services.redemption import change_redemption
from retail.views.access import acting_user
from retail.views.forms import FormPage, FormSection


class RedemptionSettings(FormPage):
    """How long value is reserved, and from which amount on customers show who they are."""

    permission_required = "retail.change_company"
    form_class = RedemptionForm
    title = _("Redemption")
    subtitle = _("How tills keep and use what customers hold.")
    sections = (
        FormSection(
            _("Proof of the person"),
            ("proof_above:2", "proof_method:4"),
            _("A code that is sent to the customer, or a PIN, before much value leaves an account."),
        ),
        FormSection(
            _("Reservations"),
            ("reservation_minutes:2",),
            _("Codes and value that are kept for a basket, so that nobody else uses them meanwhile."),
        ),
    )

    def get_instance(self) -> Company:
        return Company.objects.get(pk=1)

    def save(self, form: Any) -> str:
        change_redemption(company=form.instance, changed=form.changed_data, user=acting_user(self.request))
        return self.back_url()

    def back_url(self) -> str:
        return reverse("retail:redemption_settings")
