"""Evaluate a basket document as it stands now: read the snapshot, ask the engine. Writes nothing."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from msgspec import Struct
from msgspec.structs import replace

from campaigns.engine import basket as engine
from campaigns.engine.evaluate import evaluate
from campaigns.engine.evaluation import Evaluation, Refusal
from campaigns.engine.held import hold
from campaigns.engine.plan import Plan
from campaigns.engine.redemption import Redeeming, is_bought, open_credits
from campaigns.engine.rendering import refusal_json, render_json
from campaigns.engine.verdict import Verdict
from campaigns.explanations import OF_CAMPAIGNS, explain
from campaigns.loader import compiled_revisions, plan_for
from campaigns.redemption_texts import explain_refused
from loyalty.value import ANONYMOUS, StoredValue
from pos_api import selectors
from pos_api.authentication import TerminalCaller
from pos_api.baskets import BasketDocument, SaleDocument, engine_basket, redeem_request
from pos_api.problems import FieldProblem, Invalid, invalid_field
from pos_api.proofs import proof_needed
from pos_api.services import lookups
from pos_api.services.reservations import kept_by
from pos_api.services.rule_vouchers import with_rules
from pos_api.stored_values import presented_codes, stored_values
from pos_api.usage import usage_for
from pos_api.value import NO_VALUE, Value
from retail.moments import SKEW_NOTED

logger = logging.getLogger(__name__)
# How far the clock of a till may be off before its sale is refused.
SKEW_REFUSED = timedelta(hours=24)
OLDEST = timedelta(days=400)


class Evaluated(Struct, frozen=True, kw_only=True):
    """An evaluation with what it was made of."""

    evaluation: Evaluation
    snapshot: selectors.Snapshot
    plan: Plan
    basket: engine.Basket
    shopper: engine.Shopper | None
    usage: Mapping[str, engine.CampaignUsage]
    moment: datetime
    customer_key: str

    def body(self) -> dict[str, Any]:
        """Return the answer of ``baskets/evaluate/``, with texts in the active language."""
        body: dict[str, Any] = msgspec.json.decode(self.body_json())
        return body

    def unusable_values(self) -> list[str]:
        """Return the codes of stored values that cannot be used, whatever the reason."""
        redemption = self.evaluation.redemption
        refused = () if redemption is None else redemption.refused
        return [one.code for one in refused if one.reason == "not_usable"]

    def body_json(self) -> bytes:
        """Return the same answer as JSON."""
        language = get_language() or ""
        names = {given.campaign: given.name for given in self.evaluation.activations}
        content = render_json(
            self.evaluation,
            lambda refusal: _refusal_json(language, _offsets(refusal), refusal, _named(refusal, names)),
            explain_refused,
        )
        need = proof_needed(self.evaluation, self.snapshot)
        if need is None:
            return content
        return content[:-1] + b',"proof_required":true,"proof_method":"%s"}' % need.method.encode()


def _named(refusal: Refusal, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the campaigns that a refusal is about: their codes mean nothing to a cashier."""
    return tuple(
        [
            names.get(verdict.subject, verdict.subject)
            for verdict in refusal.verdicts
            if verdict.code in OF_CAMPAIGNS
        ]
    )


def _offsets(refusal: Refusal) -> tuple[timedelta | None, ...]:
    """Return how far from UTC the moments of a refusal are written: one moment of two zones is equal, and reads otherwise."""
    return tuple(
        [
            verdict.actual.utcoffset()
            for verdict in refusal.verdicts
            if verdict.unit and isinstance(verdict.actual, datetime)
        ]
    )


@lru_cache(maxsize=4096)
def _refusal_json(
    _language: str, _offsets: tuple[timedelta | None, ...], refusal: Refusal, names: tuple[str, ...]
) -> msgspec.Raw:
    """Return a refusal in the active language, which the caller names: baskets repeat themselves.

    ``names`` are those of the verdicts that are about campaigns, in their order.
    """
    left = list(names)

    def sentence(verdict: Verdict) -> str:
        return explain(replace(verdict, subject=left.pop(0)) if verdict.code in OF_CAMPAIGNS else verdict)

    return msgspec.Raw(refusal_json(refusal, sentence, shown=_without_private))


def _without_private(reason: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a reason would tell of the customer: a terminal can name any document, and learns none's facts."""
    if reason["reason"].startswith("customer_") or reason["reason"] in ("birthday", "purchase_number"):
        reason.pop("actual", None)
        reason.pop("missing", None)
    return reason


def sale_moment(document: BasketDocument, zone: Any, *, now: datetime) -> tuple[datetime, datetime, bool]:
    """Return when the sale occurred, the moment it is evaluated at, and whether the till's clock is noted as wrong.

    A clock that runs ahead by more than ten minutes does not open tomorrow's campaigns: such a sale is evaluated now.
    Raises a 422 problem beyond 24 hours ahead or 400 days back.
    """
    occurred_at = document.occurred_at
    if occurred_at is None:
        day = document.business_date if isinstance(document, SaleDocument) else None
        today = now.astimezone(zone).date()
        if day is None or day == today:
            return now, now, False
        _refuse_day(day, today)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
        return (noon, now, True) if noon > now else (noon, noon, False)
    ahead = occurred_at - now
    if ahead > SKEW_REFUSED or -ahead > OLDEST:
        raise invalid_field("occurred_at", "out_of_range", _("This moment is too far from now."))
    if isinstance(document, SaleDocument) and document.business_date is not None:
        _refuse_day(document.business_date, now.astimezone(zone).date())
    if ahead > SKEW_NOTED:
        return occurred_at, now, True
    return occurred_at, occurred_at, False


def _refuse_day(day: date, today: date) -> None:
    if not -timedelta(days=1) <= today - day <= OLDEST:
        raise invalid_field("business_date", "out_of_range", _("This day is too far from today."))


def evaluate_basket(document: BasketDocument, caller: TerminalCaller, *, now: datetime) -> Evaluated:
    """Evaluate a basket for a terminal. Raises problems: 422 for wrong content, 429 while codes may not be tried."""
    _occurred_at, moment, _skewed = sale_moment(document, caller.store.timezone, now=now)
    snapshot = selectors.read_snapshot(
        document,
        terminal_id=caller.terminal_id,
        store=caller.store,
        at=moment,
        now=now,
        mine=kept_by(document, caller, at=now),
    )
    if snapshot.locked_until is not None:
        raise lookups.locked(snapshot.locked_until, at=now)
    evaluated = evaluate_snapshot(
        document, snapshot, plan_for(snapshot.plan_version), caller.store, moment=moment
    )
    if snapshot.issuing_version:
        evaluation = with_rules(
            evaluated.evaluation,
            version=snapshot.issuing_version,
            store=caller.store,
            paid=evaluated.evaluation.totals.net,
            at=moment,
            customer_id=None if snapshot.customer is None else snapshot.customer.id,
        )
        evaluated = replace(evaluated, evaluation=evaluation)
    wrong = [code.code for code in evaluated.basket.promo_codes if not code.usable]
    wrong += evaluated.unusable_values()
    lookups.record_failures(terminal_id=caller.terminal_id, looked_up=wrong, at=now)
    return evaluated


def evaluate_snapshot(
    document: BasketDocument,
    snapshot: selectors.Snapshot,
    plan: Plan,
    store: engine.Store,
    *,
    moment: datetime,
    void: bool = False,
) -> Evaluated:
    """Evaluate a document against a plan and what was read of the world.

    A `void` sale was cancelled before it arrived: no code opens what it keeps, nothing is earned or redeemed.
    """
    codes = selectors.promo_codes(document, snapshot)
    if void:
        codes = tuple([replace(code, percent=None) for code in codes])
    basket = engine_basket(document, snapshot.catalogue, snapshot.category_paths, codes)
    whose = selectors.customer_key(snapshot.customer)
    live, plan = plan, plan if void else _with_kept_terms(plan, document, snapshot)
    usage = usage_for(
        live,
        basket,
        store,
        judged=plan,
        whose=whose,
        at=moment,
        asked=snapshot.foreseen,
        counters=snapshot.counters,
        gifts=snapshot.gifts,
    )
    shopper = selectors.shopper(document, snapshot, at=moment, zone=store.timezone)
    value = NO_VALUE if void else snapshot.value
    if shopper is not None and value.lots:
        shopper = replace(shopper, open_credits=open_credits(value.balances(), moment))
    request = None if void else redeem_request(document)
    redeeming = None
    if request is not None:
        balances = ANONYMOUS if shopper is None else value.balances()
        if snapshot.presented.values:
            balances = replace(balances, stored_values=_presented(document, snapshot, store))
        redeeming = Redeeming(request=request, balances=balances)
    evaluation = evaluate(
        plan,
        basket,
        shopper,
        moment=moment,
        store=store,
        usage=usage.campaigns,
        products=usage.products,
        programs=value.engine_programs(),
        redeeming=redeeming,
        # Returns need to know how an activation's discount is shared; a till's keystroke does not.
        with_deals=isinstance(document, SaleDocument),
    )
    evaluation = _of_active_programs(evaluation, value)
    # A sale that was made offline has happened, whatever became of the program since.
    if not (isinstance(document, SaleDocument) and document.offline):
        _refuse_unknown_programs(evaluation)
    if value.plans and shopper is not None:
        stamps = [plan.code for plan in value.plans if is_bought(basket, evaluation, plan.category)]
        evaluation = replace(evaluation, stamps=tuple(sorted(stamps)))
    return Evaluated(
        evaluation=evaluation,
        snapshot=snapshot,
        plan=plan,
        basket=basket,
        shopper=shopper,
        usage=usage.campaigns,
        moment=moment,
        customer_key=whose,
    )


def _presented(
    document: BasketDocument, snapshot: selectors.Snapshot, store: engine.Store
) -> tuple[StoredValue, ...]:
    return stored_values(
        presented_codes(document),
        snapshot.presented,
        store=store.code,
        customer_id=None if snapshot.customer is None else snapshot.customer.id,
    )


def _of_active_programs(evaluation: Evaluation, value: Value) -> Evaluation:
    """Leave out points that a campaign gives in a program which is switched off or gone: no sale would credit them."""
    points = evaluation.earned.points
    if not points:
        return evaluation
    active = {program.code for program in value.programs}
    kept = tuple([row for row in points if row.program in active])
    if len(kept) == len(points):
        return evaluation
    logger.warning("a campaign gives points of a program that is not active")
    return replace(evaluation, earned=replace(evaluation.earned, points=kept))


def _refuse_unknown_programs(evaluation: Evaluation) -> None:
    """Raise a 422 problem that names every program which does not exist: a mistake of the till, not of the customer."""
    refused = () if evaluation.redemption is None else evaluation.redemption.refused
    errors = [
        FieldProblem(row.path, "unknown", explain_refused(row))
        for row in refused
        if row.reason == "unknown_program"
    ]
    if errors:
        raise Invalid(errors=errors)


def _with_kept_terms(plan: Plan, document: BasketDocument, snapshot: selectors.Snapshot) -> Plan:
    """Return the plan with the campaigns that entered codes open as they were when the codes were issued."""
    kept = selectors.revisions_kept(document, snapshot)
    others = [
        revision
        for code, revision in kept.items()
        if code not in plan.campaigns or plan.campaigns[code].campaign.revision != revision
    ]
    return hold(plan, compiled_revisions(others).values()) if others else plan
