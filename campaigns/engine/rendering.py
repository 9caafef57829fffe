"""Turn an Evaluation into the JSON body of the POS API: money as strings, quantities as plain decimals."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from campaigns.engine.campaign import Schedule
from campaigns.engine.encoding import encode_fields
from campaigns.engine.evaluation import (
    Activation,
    Earned,
    Evaluation,
    GiftOffer,
    GiftOption,
    LineResults,
    Refusal,
    VoucherEarned,
)
from campaigns.engine.fields import declared_fields
from campaigns.engine.redemption_body import ExplainRefused, redemption_body
from campaigns.engine.verdict import Verdict
from retail import money

Explain = Callable[[Verdict], str]
Json = dict[str, Any]
SCHEDULE_FIELDS = declared_fields(Schedule)


def render(
    evaluation: Evaluation, explain: Explain | None = None, explain_refused: ExplainRefused | None = None
) -> Json:
    """Return the body that `baskets/evaluate/` answers with.

    `explain` turns a verdict into a sentence in the reader's language (`campaigns.explanations.explain`),
    `explain_refused` what was not redeemed (`campaigns.redemption_texts`); without them the body has no `text`. Equal evaluations give equal bodies, key order included.
    """
    body: Json = msgspec.json.decode(
        render_json(evaluation, lambda refusal: msgspec.Raw(refusal_json(refusal, explain)), explain_refused)
    )
    return body


def render_json(
    evaluation: Evaluation,
    refusal: Callable[[Refusal], msgspec.Raw],
    explain_refused: ExplainRefused | None = None,
) -> bytes:
    """Return the same body as JSON. `refusal` gives that of one refusal: tills hear the same ones again and again."""
    text = money.text
    totals, delivery = evaluation.totals, evaluation.delivery
    body: Json = {
        "plan_version": evaluation.plan_version,
        "totals": {
            "gross": text(totals.gross),
            "markdown": text(totals.markdown),
            "exchange": text(totals.exchange),
            "discount": text(totals.discount),
            "redeemed": text(totals.redeemed),
            "net": text(totals.net),
        },
        "delivery": {
            "fee": text(delivery.fee),
            "discount": text(delivery.discount),
            "net": text(delivery.net),
        },
        "lines": msgspec.Raw(_lines(evaluation.lines)),
        "activations": [_activation(activation) for activation in evaluation.activations],
        "gifts": [_gift(offer) for offer in evaluation.gifts],
        "earned": _earned(evaluation.earned),
        "promo_codes": [_promo_code(result) for result in evaluation.promo_codes],
        "redeemed": [],
        "optional": [
            {
                "campaign": o.campaign,
                "name": o.name,
                "description": o.description,
                "discount": text(o.discount),
            }
            for o in evaluation.optional
        ],
        "not_activated": [refusal(refused) for refused in evaluation.not_activated],
        "messages": [a.description for a in evaluation.activations if a.description],
    }
    if evaluation.redemption is not None:
        body |= redemption_body(evaluation.redemption, explain_refused)
    if evaluation.stamps:
        body["earned"]["stamps"] = [{"plan": plan, "stamps": 1} for plan in evaluation.stamps]
    if totals.exchange_left:
        body["exchange_left"] = text(totals.exchange_left)
    return msgspec.json.encode(body)


@lru_cache(maxsize=16_384)
def _quoted(text: str) -> str:
    """Return a text as JSON."""
    return msgspec.json.encode(text).decode()


@lru_cache(maxsize=4096)
def quantity_text(quantity: Decimal) -> str:
    """Write a quantity without trailing zeros or exponent: `"2"`, `"0.35"`."""
    whole = int(quantity)
    if whole == quantity:
        return str(whole)
    return f"{quantity:f}".rstrip("0")


@lru_cache(maxsize=16_384)
def _giver(campaign: str, benefit: str) -> str:
    """Return the JSON of an adjustment up to its amount."""
    return f'{{"campaign":{_quoted(campaign)},"benefit":{_quoted(benefit)},"amount":"'


def _adjustment(campaign: str, benefit: str, cents: int) -> str:
    return f'{_giver(campaign, benefit)}{money.text(cents)}"}}'


def _lines(lines: LineResults) -> str:
    # As text and from the columns: lines are most of an answer, and dictionaries of them would take twice as long.
    text = money.text
    rows = [
        f'{{"line":{line},"sku":{_quoted(sku)},"quantity":"{quantity_text(quantity)}",'
        f'"unit_price":"{text(unit_price)}","gross":"{text(gross)}",'
        f'"markdown":"{text(markdown)}","exchange_share":"{text(exchange_share)}",'
        f'"discount":"{text(discount)}","net":"{text(net)}",'
        f'"adjustments":[{",".join(adjustments)}]}}'
        for (
            line,
            sku,
            quantity,
            unit_price,
            gross,
            markdown,
            exchange_share,
            discount,
            net,
            adjustments,
        ) in zip(*lines.complete_columns(_adjustment), strict=True)
    ]
    return f"[{','.join(rows)}]"


def _activation(activation: Activation) -> Json:
    return {
        "campaign": activation.campaign,
        "name": activation.name,
        "description": activation.description,
        "discount": money.text(activation.discount),
        "applications": activation.applications,
    }


def _option(option: GiftOption) -> Json:
    # A gift counts in whole pieces: a number, as the contract writes it; only a weighed gift is a text.
    whole = int(option.quantity)
    quantity = whole if whole == option.quantity else quantity_text(option.quantity)
    return {"sku": option.sku, "name": option.name, "quantity": quantity}


def _gift(offer: GiftOffer) -> Json:
    return {
        "campaign": offer.campaign,
        "choose": offer.choose,
        "options": [_option(option) for option in offer.options],
        "chosen": [_option(option) for option in offer.chosen],
    }


def _earned(earned: Earned) -> Json:
    return {
        "points": [{"program": p.program, "points": _number(p.points)} for p in earned.points],
        "cashback": [
            {
                "campaign": c.campaign,
                "amount": money.text(c.amount),
                "available_from": _instant(c.available_from),
                "expires_at": _instant(c.expires_at),
            }
            for c in earned.cashback
        ],
        "codes": [{"campaign": c.campaign, "valid_until": _instant(c.valid_until)} for c in earned.codes],
        "vouchers": [_voucher(voucher) for voucher in earned.vouchers],
    }


def _voucher(voucher: VoucherEarned) -> Json:
    giver = {"rule": voucher.rule} if voucher.rule else {"campaign": voucher.campaign}
    if voucher.percent is None:
        worth = {"amount": money.text(voucher.amount)}
    else:
        worth = {"percent": percent_text(voucher.percent)}
    return {**giver, **worth, "valid_until": _instant(voucher.valid_until)}


def percent_text(percent: int) -> str:
    """Write a percentage, given in millionths, without trailing zeros: `"12.5"`."""
    return f"{(Decimal(percent) / 10_000).normalize():f}"


def _promo_code(result: Any) -> Json:
    body = {"code": result.code, "status": result.status}
    if result.campaign:
        body["campaign"] = result.campaign
    return body


def refusal_json(refusal: Refusal, explain: Explain | None, *, shown: Callable[[Json], Json] = dict) -> bytes:
    """Return a refusal as JSON. `shown` may leave out of a rendered verdict what its reader must not know."""
    reasons = [shown(render_verdict(verdict, explain)) for verdict in refusal.verdicts]
    body: Json = {"campaign": refusal.campaign, "name": refusal.name, **reasons[0]}
    if len(reasons) > 1:
        body["reasons"] = reasons
    return msgspec.json.encode(body)


def render_verdict(verdict: Verdict, explain: Explain | None = None) -> Json:
    """Return `reason` and, where they say something, `required`, `actual`, `missing`, `subject`, `lines`, `text`."""
    body: Json = {"reason": verdict.code}
    for name in ("required", "actual", "missing"):
        value = getattr(verdict, name)
        if value is not None:
            body[name] = _value(value, verdict.unit)
    if verdict.subject:
        body["subject"] = verdict.subject
    if verdict.lines:
        body["lines"] = list(verdict.lines)
    if explain is not None:
        body["text"] = explain(verdict)
    return body


def _value(value: Any, unit: str) -> Any:
    if isinstance(value, tuple):
        return [_value(item, unit) for item in value]
    if unit == "money":
        return money.text(value)
    if unit == "schedule" and not isinstance(value, datetime):
        return encode_fields(SCHEDULE_FIELDS, value)
    if isinstance(value, Decimal):
        return quantity_text(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def _number(points: Decimal) -> int | str:
    whole = int(points)
    return whole if whole == points else f"{points:.2f}"


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
