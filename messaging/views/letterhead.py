"""The company's settings of messages, and the logo that mail programs fetch."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views import View

from messaging.forms.letterhead import REFUSALS, LetterheadForm
from messaging.models import Letterhead
from messaging.selectors.letterhead import logo_url
from messaging.services.letterhead import LogoRefused, save_message_settings
from retail.models import Company
from retail.views.access import acting_user
from retail.views.forms import FormPage, FormSection


class LetterheadEdit(FormPage):
    """Logo, colour and footer of e-mails; sender and length of text messages; what messages cost."""

    permission_required = ("messaging.change_letterhead", "retail.change_company")
    form_class = LetterheadForm
    template_name = "messaging/letterhead_form.html"
    title = _("Look of messages")
    subtitle = _("What stands around every e-mail, whom text messages come from, and what messages cost.")
    sections = (
        FormSection(_("E-mail"), ("logo:6", "remove_logo:6", "logo_width:3", "color:3", "footer:6")),
        FormSection(_("SMS"), ("sms_sender:2", "sms_limit:2", "sms_segment_price:2")),
        FormSection(_("WhatsApp"), ("whatsapp_price:3",)),
    )

    def get_instance(self) -> Letterhead:
        return Letterhead.objects.defer("logo").filter(pk=1).first() or Letterhead(pk=1)

    def get_initial(self) -> dict[str, Any]:
        company = Company.objects.get(pk=1)
        return {
            "color": self.instance.color,
            "footer": self.instance.footer,
            "logo_width": self.instance.logo_width,
            "sms_limit": company.sms_limit,
            "sms_segment_price": company.sms_segment_price,
            "sms_sender": company.sms_sender,
            "whatsapp_price": company.whatsapp_price,
        }

    def get_form(self, **data: Any) -> LetterheadForm:
        form = LetterheadForm(initial=self.get_initial(), **data)
        if not self.instance.logo_digest:
            del form.fields["remove_logo"]
        return form

    def save(self, form: Any) -> str | None:
        form.cleaned_data.setdefault("remove_logo", False)
        try:
            save_message_settings(values=form.values(), user=acting_user(self.request))
        except LogoRefused as refusal:
            form.add_error("logo", REFUSALS[refusal.code])
            return None
        return self.back_url()

    def back_url(self) -> str:
        return reverse("messaging:letterhead")

    def trail(self) -> list[tuple[Any, str]]:
        return [(_("Templates"), reverse("messaging:named_template_list"))]

    def extra_context(self) -> dict[str, Any]:
        return {"logo_url": logo_url(self.instance.logo_digest)}


class LogoView(View):
    """The logo, for whoever reads an e-mail. Its address names its content: it may be kept for ever."""

    def get(self, request: HttpRequest, digest: str) -> HttpResponse:
        found = Letterhead.objects.filter(pk=1, logo_digest=digest).only("logo", "logo_type").first()
        if found is None or found.logo is None:
            raise Http404
        answer = HttpResponse(bytes(found.logo), content_type=found.logo_type)
        answer["Cache-Control"] = "public, max-age=31536000, immutable"
        # Readers' web mail stands on other sites.
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
        answer["Content-Security-Policy"] = "default-src 'none'"
        return answer
