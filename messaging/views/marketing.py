"""Tracking, attribution and double opt-in in the back-office."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.forms.marketing import MarketingForm
from messaging.selectors.marketing import marketing_settings
from messaging.services.marketing import save_marketing_settings
from retail.views.access import acting_user
from retail.views.forms import FormPage, FormSection


class MarketingEdit(FormPage):
    permission_required = "messaging.change_marketingsettings"
    form_class = MarketingForm
    title = _("Tracking and consent")
    subtitle = _("What is counted of marketing messages, and how much of a yes is asked for.")
    sections = (
        FormSection(_("Results"), ("track_links:6", "track_opens:6", "attribution_days:2")),
        FormSection(_("Double opt-in"), ("double_opt_in:6",)),
        FormSection(pgettext_lazy("messages", "Stopping"), ("stop_answer:6",)),
    )

    def get_initial(self) -> dict[str, Any]:
        decided = marketing_settings()
        return {
            "track_links": decided.track_links,
            "track_opens": decided.track_opens,
            "attribution_days": decided.attribution_days,
            "double_opt_in": decided.double_opt_in_since is not None,
            "stop_answer": decided.stop_answer,
        }

    def save(self, form: Any) -> str | None:
        save_marketing_settings(decisions=form.decisions(), user=acting_user(self.request), at=timezone.now())
        return self.back_url()

    def back_url(self) -> str:
        return reverse("messaging:marketing")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Automations"), reverse("messaging:automation_list"))]
