"""The composer of mailings: what it asks, and the draft that comes of it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.models import Segment
from messaging.models import Audience, Channel, HtmlFormat, Mailing, Template
from messaging.services.mailings import MOST_RESULT_DAYS, MOST_USEFUL_DAYS, Draft, TextDraft
from retail.moments import can_be_stored
from retail.rows import FieldError

_PLACES = ("first_channel", "second_channel", "third_channel")
_NO_CHANNEL = [("", _("No other channel"))]
_MOMENT = "%Y-%m-%dT%H:%M"
# Where the errors of a service belong: its paths, and the inputs of this form.
_INPUTS = {
    "texts.email.subject": "email_subject",
    "texts.email.text": "email_text",
    "texts.email.html": "email_html",
    "texts.sms.text": "sms_text",
    "texts.whatsapp.template": "whatsapp_template",
    "texts": "first_channel",
}


def _text_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "spellcheck": "true", "data-template-text": ""})


class MailingForm(forms.Form):
    """A mailing to an audience that the page knows already; of a segment, which one."""

    name = forms.CharField(
        label=_("Name"),
        max_length=Mailing.LONGEST_NAME,
        help_text=_("How you find it and its results again. Nobody else sees it."),
    )
    segment = forms.ModelChoiceField(
        label=_("Segment"),
        queryset=Segment.objects.order_by("name", "pk"),
        to_field_name="code",
        help_text=_("Who is in it is asked when the mailing begins."),
    )
    language = forms.ChoiceField(label=_("Language of the texts"), choices=settings.LANGUAGES)
    first_channel = forms.ChoiceField(
        label=_("Channel"),
        choices=Channel.choices,
        help_text=_("Used when the customer has such an address and agreed to marketing on it."),
    )
    second_channel = forms.ChoiceField(
        label=_("Otherwise by"), choices=_NO_CHANNEL + Channel.choices, required=False
    )
    third_channel = forms.ChoiceField(
        label=_("And otherwise by"),
        choices=_NO_CHANNEL + Channel.choices,
        required=False,
        help_text=_("One person never gets more than one message."),
    )
    email_template = forms.ModelChoiceField(
        label=_("Insert a template"), queryset=Template.objects.none(), required=False
    )
    email_subject = forms.CharField(
        label=_("Subject"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"data-template-text": ""}),
    )
    email_text = forms.CharField(
        label=_("Text"),
        max_length=10_000,
        strip=False,
        required=False,
        widget=_text_area(8),
        help_text=_("The plain part, for programs that show no HTML. Empty: made of the HTML."),
    )
    email_html_format = forms.ChoiceField(label=_("Format"), choices=HtmlFormat.choices, required=False)
    email_html = forms.CharField(
        label=_("HTML or MJML"),
        max_length=100_000,
        strip=False,
        required=False,
        widget=_text_area(12),
        help_text=_(
            "The inner part; logo, frame, footer and the link to stop come around it. Empty: made of the text."
        ),
    )
    sms_template = forms.ModelChoiceField(
        label=_("Insert a template"), queryset=Template.objects.none(), required=False
    )
    sms_text = forms.CharField(
        label=_("Text"), max_length=10_000, strip=False, required=False, widget=_text_area(4)
    )
    whatsapp_template = forms.ModelChoiceField(
        label=_("Approved template"),
        queryset=Template.objects.none(),
        required=False,
        help_text=_(
            "WhatsApp takes marketing only as a template that it has approved, and that allows several."
        ),
    )
    holdout_percent = forms.DecimalField(
        label=_("Hold out"),
        min_value=0,
        max_value=Decimal("99.99"),
        decimal_places=2,
        initial=0,
        help_text=_(
            "Percent of the people who get nothing, so that the results can say what the mailing achieved."
        ),
    )
    result_days = forms.IntegerField(
        label=_("Count sales for"),
        min_value=1,
        max_value=MOST_RESULT_DAYS,
        initial=14,
        help_text=_(
            "Days from the beginning, for those who were written to and those who were held out alike."
        ),
    )
    useful_days = forms.IntegerField(
        label=_("Useful for"),
        min_value=1,
        max_value=MOST_USEFUL_DAYS,
        initial=3,
        help_text=_("Days. What quiet hours or caps hold back for longer is not sent any more."),
    )
    send_at = forms.DateTimeField(
        label=_("Send at"),
        required=False,
        input_formats=[_MOMENT, "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT),
        help_text=_("Empty: as soon as you confirm it."),
    )

    def clean_send_at(self) -> datetime | None:
        send_at: datetime | None = self.cleaned_data["send_at"]
        if send_at is not None and not can_be_stored(send_at):
            raise forms.ValidationError(_("This moment cannot be right."), code="range")
        return send_at

    def __init__(
        self, *args: Any, audience: str, applies_to: str, is_trial: bool = False, **options: Any
    ) -> None:
        """Ask for an audience; a trial, which looks at the texts alone, may still lack its name and segment."""
        super().__init__(*args, **options)
        self.audience = audience
        if is_trial:
            self.fields["name"].required = self.fields["segment"].required = False
        if audience != Audience.SEGMENT:
            del self.fields["segment"]
        if audience == Audience.PERSON:
            del self.fields["holdout_percent"]
        for channel in Channel.values:
            found = Template.objects.insertable(channel=channel, applies_to=applies_to)
            name = f"{channel}_template"
            self.fields[name].queryset = found.order_by("name", "language", "pk")  # type: ignore[attr-defined]
            self.fields[name].label_from_instance = template_label  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        chain = self.chain(data)
        if len(chain) != len(set(chain)):
            self.add_error("second_channel", _("Each channel can stand in the chain once."))
        return data

    def chain(self, data: dict[str, Any]) -> list[str]:
        return [data[place] for place in _PLACES if data.get(place)]

    def draft(self, mailing: Mailing, *, sale_ids: Sequence[int] = ()) -> Draft:
        """Return what was typed, for the audience of `mailing`."""
        data = self.cleaned_data
        texts = {
            Channel.EMAIL.value: TextDraft(
                subject=data["email_subject"],
                text=_lines(data["email_text"]),
                html=_lines(data["email_html"]),
                html_format=data["email_html_format"] or HtmlFormat.RICH.value,
            ),
            Channel.SMS.value: TextDraft(text=_lines(data["sms_text"])),
            Channel.WHATSAPP.value: TextDraft(
                template_id=data["whatsapp_template"].pk if data["whatsapp_template"] else None
            ),
        }
        return Draft(
            name=data["name"],
            texts={channel: texts[channel] for channel in self.chain(data)},
            language=data["language"],
            segment=data.get("segment"),
            sale_ids=sale_ids,
            customer=mailing.customer,
            sale=mailing.sale,
            holdout_percent=data.get("holdout_percent") or Decimal(0),
            result_days=data["result_days"],
            useful_days=data["useful_days"],
            send_at=data["send_at"],
        )

    def add_problems(self, errors: Sequence[FieldError]) -> None:
        """Put a service's errors beside the inputs that they are about."""
        for error in errors:
            name = _INPUTS.get(error.path, error.path)
            self.add_error(
                name if name in self.fields else None, ValidationError(error.message, code=error.code)
            )


class ReturnForm(forms.Form):
    """Why a mailing goes back to the drafts."""

    comment = forms.CharField(
        label=_("Comment"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What has to change. It stays in the mailing's history."),
    )


class KeepTextForm(forms.Form):
    """The name under which a text of a composer becomes a template."""

    channel = forms.ChoiceField(
        choices=[(Channel.EMAIL, Channel.EMAIL.label), (Channel.SMS, Channel.SMS.label)]
    )
    name = forms.CharField(label=_("Save as template"), max_length=Template.LONGEST_NAME)


def initial_of(mailing: Mailing) -> dict[str, Any]:
    """Return what the form shows of a stored mailing."""
    values: dict[str, Any] = {
        "name": mailing.name,
        "segment": mailing.segment.code if mailing.segment else None,
        "language": mailing.language,
        "holdout_percent": mailing.holdout_percent,
        "result_days": mailing.result_days,
        "useful_days": mailing.useful_days,
        "send_at": mailing.send_at,
    }
    values |= dict(zip(_PLACES, mailing.channels, strict=False))
    for text in mailing.texts.all():
        if text.channel == Channel.WHATSAPP:
            values["whatsapp_template"] = text.template_id
        else:
            values |= text_values(text.channel, text)
    return values


def text_values(channel: str, text: Any) -> dict[str, str]:
    """Return the inputs that show a text, or a template that is inserted."""
    if channel == Channel.SMS:
        return {"sms_text": text.text}
    return {
        "email_subject": text.subject,
        "email_text": text.text,
        "email_html": text.html,
        "email_html_format": text.html_format,
    }


def template_label(template: Template) -> str:
    """Return how a composer lists a template: what may not be sent says so."""
    label = f"{template.name} ({template.get_language_display()})"
    if template.channel != Channel.WHATSAPP:
        return label
    if not template.content_sid:
        return f"{label}: {template.get_approval_display()}"
    return label if template.allow_several else f"{label}: {_('one person only')}"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
