"""The contact policy in the back-office: one form, and who changed it when."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from messaging.contact_policy import PolicyRefused, governed, read_policy
from messaging.forms.contact_policy import PLACES, ContactPolicyForm, describe, initial_of
from messaging.models import Channel
from messaging.selectors.contact_policy import current_policy, policy_revisions
from messaging.services.contact_policies import save_policy
from retail.views.access import acting_user
from retail.views.forms import FormPage, FormSection
from retail.views.timeline import event_at, person_name


class ContactPolicyEdit(FormPage):
    permission_required = "messaging.change_contactpolicy"
    template_name = "messaging/contact_policy_form.html"
    title = _("Contact policy")
    subtitle = _("When, how often and what first: marketing keeps to it, codes and receipts do not.")

    def get_form(self, **data: Any) -> ContactPolicyForm:
        return ContactPolicyForm(initial=initial_of(current_policy()), **data)

    @property
    def sections(self) -> tuple[FormSection, ...]:  # type: ignore[override]
        return (
            FormSection(
                _("Quiet hours"),
                [
                    *(f"{channel}_{edge}:3" for channel in Channel.values for edge in ("starts", "ends")),
                    "quiet_sundays:6",
                ],
                _(
                    "In the time zone of the person's home store, without one in the company's. What falls into them leaves "
                    "when they are over; what is of no use by then, such as a cart after a day, is not sent."
                ),
            ),
            FormSection(
                _("How many"),
                [f"{name}_{part}:3" for name, _label in PLACES for part in ("most", "days")],
                _("Counted to the second, over so many times 24 hours. What is too much leaves later."),
            ),
            FormSection(
                _("What goes first"),
                [f"place_{code}:3" for code in governed()],
                _("When two messages are due and there is room for one: 1 leaves, the other waits."),
            ),
        )

    def save(self, form: ContactPolicyForm) -> str | None:
        try:
            save_policy(policy=form.policy(), by=acting_user(self.request), at=timezone.now())
        except PolicyRefused as refusal:
            form.add_refusal(refusal)
            return None
        return reverse("messaging:contact_policy")

    def back_url(self) -> str:
        return reverse("messaging:automation_list")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Automations"), self.back_url())]

    def extra_context(self) -> dict[str, Any]:
        events = []
        for revision in policy_revisions()[:20]:
            events.append(
                event_at(
                    revision.saved_at,
                    person_name(revision.saved_by) or _now("Installation"),
                    icon="history",
                    text=" ".join(describe(read_policy(revision.document))),
                )
            )
        return {"events": events}
