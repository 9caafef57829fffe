"""The forms of templates, and the sentences about what is wrong with one."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from customers.phones import to_e164
from messaging.models import AppliesTo, Category, Channel, HtmlFormat, PhoneField, Template
from messaging.occasions import AUTOMATIC
from messaging.rendering import TemplateRefused
from messaging.starters import STARTERS
from messaging.template_problems import problem_text


class TemplateForm(forms.Form):
    """The parts of a text. A channel shows only its own, and an occasion's own text has no name."""

    name = forms.CharField(
        label=_("Name"),
        max_length=Template.LONGEST_NAME,
        help_text=_("How you find it again, such as ANNIV or GIFTCARD REMINDER SMS."),
    )
    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(
        label=_("Text"),
        max_length=10_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "true", "data-template-text": ""}),
    )
    html_format = forms.ChoiceField(
        label=_("Format"),
        choices=HtmlFormat.choices,
        required=False,
        help_text=_("MJML looks good on phones, in Outlook and on dark screens by itself."),
    )
    html = forms.CharField(
        label=_("HTML or MJML"),
        required=False,
        max_length=100_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "data-template-text": ""}),
        help_text=_(
            "The inner part; logo, frame, footer and the link to stop come around it. Empty: made of the text."
        ),
    )
    category = forms.ChoiceField(
        label=_("Category"),
        choices=Category.choices,
        required=False,
        help_text=_(
            "What WhatsApp calls it. Offers are marketing; reminders of what a customer holds are utility."
        ),
    )
    phone_field = forms.ChoiceField(
        label=_("Phone"),
        choices=PhoneField.choices,
        required=False,
        help_text=_("Which numbers it is sent to."),
    )

    def __init__(self, *args: Any, channel: str, named: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].help_text = _("Values stand in double braces: {{ customer.first_name }}.")
        if not named:
            del self.fields["name"]
        if channel != Channel.EMAIL:
            for name in ("subject", "html_format", "html"):
                del self.fields[name]
        else:
            self.fields["text"].required = False
            self.fields["text"].help_text = _(
                "The plain part, for programs that show no HTML. Empty: made of the HTML."
            )
        if channel != Channel.WHATSAPP:
            del self.fields["category"], self.fields["phone_field"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        # Programs that post only the texts keep the usual words.
        for name, usual in (
            ("html_format", HtmlFormat.RICH),
            ("category", Category.MARKETING),
            ("phone_field", PhoneField.CUSTOMER_PHONE),
        ):
            if name in self.fields and not data.get(name):
                data[name] = usual
        return data

    def apply(self, template: Template) -> Template:
        """Put what was typed into a template, without saving it."""
        for name, value in self.cleaned_data.items():
            setattr(template, name, value.replace("\r\n", "\n"))
        return template

    def add_problems(self, problems: dict[str, TemplateRefused]) -> None:
        for field, problem in problems.items():
            self.add_error(field if field in self.fields else None, sentence(problem))


class NewTemplateForm(forms.Form):
    """What a template is for; its text comes afterwards, in the editor."""

    name = forms.CharField(
        label=_("Name"),
        max_length=Template.LONGEST_NAME,
        help_text=_("How you find it again, such as ANNIV or GIFTCARD REMINDER SMS."),
    )
    target = forms.ChoiceField(label=_("Applies to"), help_text=_("It decides which variables there are."))
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    starter = forms.ChoiceField(
        label=_("Begin with"),
        required=False,
        help_text=_("The layout of an e-mail. Other channels begin with a line of text."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        mailings = [(code.value, code.label) for code in AppliesTo if code != AppliesTo.OCCASION]
        automations = [(kind.code, kind.label) for kind in AUTOMATIC.values()]
        self.fields["target"].choices = [  # type: ignore[attr-defined]
            (_("Mailings"), mailings),
            (_("Automations"), automations),
        ]
        self.fields["starter"].choices = [(code, starter.label) for code, starter in STARTERS.items()]  # type: ignore[attr-defined]

    def draft(self) -> Template:
        """Return the template that was described, with the text to begin with, unsaved."""
        data = self.cleaned_data
        is_mailing = data["target"] in AppliesTo.values
        return Template(
            name=data["name"],
            applies_to=data["target"] if is_mailing else AppliesTo.OCCASION,
            occasion="" if is_mailing else data["target"],
            channel=data["channel"],
            language=data["language"],
            in_use=False,
        )


class DuplicateForm(forms.Form):
    name = forms.CharField(label=_("Name of the copy"), max_length=Template.LONGEST_NAME)


def sentence(problem: TemplateRefused) -> ValidationError:
    """Return a refusal as a sentence beside a field."""
    return ValidationError(problem_text(problem), code=problem.code)


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
