"""What managers' programs send about automations, and what they get."""

from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext as _
from msgspec import Meta, Struct

from campaigns.models import PromoCodePool
from messaging.forms.automation import REFUSALS
from messaging.models import Automation
from messaging.occasions import AUTOMATIC, SettingsInvalid, read_settings, write_settings
from messaging.presentation import describe_settings
from messaging.selectors.outcomes import AutomationResults
from messaging.services.automations import AutomationRefused, Plan
from messaging.services.value_runs import Run
from pos_api.decoding import Decoder
from pos_api.fields import Day, Identifier, SeenVersion, Share
from pos_api.mailing_result_documents import (
    ATTRIBUTED,
    GROUP,
    OUTCOME,
    UPLIFT,
    represent_attributed,
    represent_group,
    represent_outcome,
    represent_uplift,
)
from pos_api.problems import Conflict, FieldProblem, Invalid, Problem
from pos_api.template_documents import Channel
from retail.models import Store


class AutomationDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """All that is decided about an automation."""

    enabled: bool
    channels: Annotated[
        list[Channel], Meta(max_length=3, description="In the order in which they are tried.")
    ]
    stores_off: Annotated[list[Identifier], Meta(max_length=10_000, description="Codes of stores.")] = []
    settings: Annotated[
        dict[str, Any],
        Meta(
            description="As `GET` answers them for this occasion; what is left out is as in a new installation."
        ),
    ] = {}
    pool: Annotated[Identifier, Meta(description="Whose promo codes its messages bring.")] | None = None
    holdout_percent: Share = "0"
    version: SeenVersion | None = None


class RunDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Of which value to remind, and by which channels."""

    first: Annotated[
        Day, Meta(description="The first last day, by the clocks of each customer's home store.")
    ]
    last: Annotated[Day, Meta(description="The last one, included.")]
    channels: Annotated[list[Channel], Meta(min_length=1, max_length=3)]
    store: Annotated[Identifier, Meta(description="The store's code; all stores without one.")] | None = None
    every_channel: Annotated[
        bool, Meta(description="One message by each channel, instead of by the first that is open.")
    ] = False
    again: Annotated[bool, Meta(description="Also whom we reminded before that the same ends.")] = False


AUTOMATION: Decoder[AutomationDocument] = Decoder(AutomationDocument)
RUN: Decoder[RunDocument] = Decoder(RunDocument)


def plan_of(occasion: str, given: AutomationDocument) -> Plan:
    """Return what a document decides. Raises Invalid naming what is not there."""
    try:
        settings = read_settings(occasion, given.settings)
    except SettingsInvalid as wrong:
        path = f"settings.{wrong.field}" if wrong.field else "settings"
        raise _invalid(path, wrong.code, wrong.message) from wrong
    stores = {store.code: store for store in Store.objects.filter(code__in=given.stores_off)}
    for place, code in enumerate(given.stores_off):
        if code not in stores:
            raise _invalid(f"stores_off[{place}]", "unknown", _("There is no such store."))
    pool = PromoCodePool.objects.filter(code=given.pool).first() if given.pool is not None else None
    if given.pool is not None and pool is None:
        raise _invalid("pool", "unknown", _("There is no such pool."))
    return Plan(
        enabled=given.enabled,
        channels=list(given.channels),
        stores_off=list(stores.values()),
        settings=settings,
        pool=pool,
        holdout_percent=Decimal(given.holdout_percent),
    )


def run_of(given: RunDocument) -> Run:
    """Return what is asked for. Raises Invalid for a store that is not there, and a channel that stands twice."""
    store = Store.objects.filter(code=given.store).first() if given.store is not None else None
    if given.store is not None and store is None:
        raise _invalid("store", "unknown", _("There is no such store."))
    if len(set(given.channels)) != len(given.channels):
        raise _invalid("channels", "repeated", _("Each channel can stand in the chain once."))
    return Run(
        first=given.first,
        last=given.last,
        store=store,
        channels=list(given.channels),
        every_channel=given.every_channel,
        again=given.again,
    )


def problem_of(refusal: AutomationRefused) -> Problem:
    """Return the answer to a refusal: about a field of the document, or about how things stand."""
    text = str(REFUSALS[refusal.code]) % refusal.params
    if not refusal.field:
        return Conflict(text, code=refusal.code)
    if (
        refusal.field in AutomationDocument.__struct_fields__
        or refusal.field in RunDocument.__struct_fields__
    ):
        return Invalid(errors=[FieldProblem(refusal.field, refusal.code, text)])
    return Invalid(errors=[FieldProblem(f"settings.{refusal.field}", refusal.code, text)])


def _invalid(field: str, code: str, message: str) -> Invalid:
    return Invalid(errors=[FieldProblem(field, code, message)])


# --- Answers -----------------------------------------------------------------------------------

_MAYBE = {"type": ["string", "null"], "format": "date-time"}
_NUMBER = {"type": "integer"}
SHOWN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "occasion": {"enum": list(AUTOMATIC)},
        "label": {"type": "string", "description": "In the language of the request."},
        "sentences": {
            "type": "array",
            "items": {"type": "string"},
            "description": "What it does, in the language of the request.",
        },
        "enabled": {"type": "boolean"},
        "enabled_at": _MAYBE,
        "channels": {"type": "array", "items": {"enum": ["email", "sms", "whatsapp"]}},
        "stores_off": {"type": "array", "items": {"type": "string"}},
        "settings": {"type": "object", "description": "Every setting of this occasion."},
        "pool": {"type": ["string", "null"]},
        "gives_codes": {"type": "boolean", "description": "Whether it may have a pool."},
        "holdout_percent": {"type": "string"},
        "version": _NUMBER,
        "updated_at": {"type": "string", "format": "date-time"},
    },
}
RESULTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "since": {"type": "string", "format": "date-time"},
        **dict.fromkeys(("waiting", "sent", "delivered", "not_sent", "failed", "in_doubt"), _NUMBER),
        **OUTCOME,
        "attributed": {**ATTRIBUTED, "type": ["object", "null"]},
        "written_to": GROUP,
        "held_out": GROUP,
        "uplift": UPLIFT,
        "by_day": {
            "type": "object",
            "additionalProperties": _NUMBER,
            "description": "Messages sent, by day of the company's clocks.",
        },
    },
}
EXAMPLE: dict[str, Any] = {
    "enabled": True,
    "channels": ["whatsapp", "sms"],
    "stores_off": ["loja-007"],
    "settings": {"send_at": "09:00:00", "span": "day", "gift": "none"},
    "pool": None,
    "holdout_percent": "10",
}
RUN_EXAMPLE: dict[str, Any] = {
    "first": "2026-12-01",
    "last": "2026-12-31",
    "channels": ["email", "sms"],
    "store": None,
    "every_channel": False,
}


def represent(automation: Automation) -> dict[str, Any]:
    """Return an automation with every setting, also those that nobody ever touched."""
    kind = AUTOMATIC[automation.occasion]
    return {
        "occasion": automation.occasion,
        "label": str(kind.label),
        "sentences": describe_settings(automation),
        "enabled": automation.enabled,
        "enabled_at": automation.enabled_at,
        "channels": automation.channels,
        "stores_off": sorted(store.code for store in automation.stores_off.all()),
        "settings": write_settings(kind.read(automation)),
        "pool": automation.pool.code if automation.pool else None,
        "gives_codes": kind.gives_codes,
        "holdout_percent": str(automation.holdout_percent),
        "version": automation.number,
        "updated_at": automation.updated_at,
    }


def represent_results(results: AutomationResults) -> dict[str, Any]:
    traffic = results.traffic
    return {
        "since": results.since,
        "waiting": traffic.waiting,
        "sent": traffic.sent,
        "delivered": traffic.arrived,
        "not_sent": traffic.not_sent,
        "failed": traffic.failed,
        "in_doubt": traffic.in_doubt,
        **represent_outcome(results.outcome),
        "attributed": represent_attributed(results.attribution) if results.attribution else None,
        "written_to": represent_group(results.written_to),
        "held_out": represent_group(results.held_out),
        "uplift": represent_uplift(results.uplift),
        "by_day": {day.isoformat(): number for day, number in sorted(results.by_day.items())},
    }
