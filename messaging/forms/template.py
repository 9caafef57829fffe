"""The form of a text, and the sentences about what is wrong with one."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from customers.phones import to_e164
from messaging.models import Channel, Template
from messaging.rendering import TemplateRefused

PROBLEMS = {
    "unknown_variable": _("There is no variable “%(name)s” here."),
    "syntax": _("Line %(line)s: %(message)s"),
    "empty": _("Write something."),
    "text_too_long": _(
        "With typical values the text has %(actual)s characters; the company allows %(limit)s."
    ),
}


class TemplateForm(forms.Form):
    """The parts of a text. A channel shows only its own."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(
        label=_("Text"),
        max_length=10_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "true", "data-template-text": ""}),
    )
    html = forms.CharField(
        label=_("HTML"),
        required=False,
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "data-template-text": ""}),
        help_text=_(
            "The inner part; name, frame and the link to stop come around it. Empty: made of the text."
        ),
    )
    content_sid = forms.RegexField(
        r"^(HX[0-9a-f]{32})?$",
        label=_("Approved template"),
        required=False,
        help_text=_(
            "The provider's id (HX…) of the approved WhatsApp template. Without it only customers who wrote in the last 24 hours can be reached."
        ),
    )

    def __init__(self, *args: Any, channel: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].help_text = _("Values stand in double braces: {{ customer.first_name }}.")
        if channel != Channel.EMAIL:
            del self.fields["subject"], self.fields["html"]
        if channel != Channel.WHATSAPP:
            del self.fields["content_sid"]

    def apply(self, template: Template) -> Template:
        """Put what was typed into a template, without saving it."""
        for name, value in self.cleaned_data.items():
            setattr(template, name, value.replace("\r\n", "\n"))
        return template

    def add_problems(self, problems: dict[str, TemplateRefused]) -> None:
        for field, problem in problems.items():
            self.add_error(field, sentence(problem))


def sentence(problem: TemplateRefused) -> ValidationError:
    """Return a refusal as a sentence for people."""
    return ValidationError(PROBLEMS[problem.code], code=problem.code, params=problem.params)


class TestAddressForm(forms.Form):
    """Where a test goes."""

    to = forms.CharField(label=_("Send a test to"), max_length=254)

    def __init__(self, *args: Any, channel: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.channel = channel

    def clean_to(self) -> str:
        to: str = self.cleaned_data["to"].strip()
        if self.channel == Channel.EMAIL:
            validate_email(to)
            return to.lower()
        try:
            return to_e164(to)
        except ValueError as error:
            raise ValidationError(_("Must be a telephone number such as +5511987654321.")) from error
