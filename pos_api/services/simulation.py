"""Evaluate a basket against documents that need not be saved, for managers and for the shell. Writes nothing."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError

from campaigns.engine.decoding import read_instant
from campaigns.engine.fields import DocumentError
from campaigns.engine.plan import Plan
from campaigns.engine.simulation import simulate
from campaigns.explanations import explain
from campaigns.loader import plan_for
from campaigns.redemption_texts import explain_refused
from campaigns.references import (
    catalogue_items,
    catalogue_problems,
    completed_lines,
    promo_code_facts,
    shopper_facts,
    with_saved,
)
from campaigns.selectors import current_plan_version
from campaigns.vip_cards_entered import vip_cards_entered
from customers.models import Customer
from customers.selectors import CustomerAmbiguous, find_customer
from loyalty.selectors.program_documents import plan_documents, program_documents
from pos_api.decoding import refuse_unclean
from retail.codes import normalize
from retail.models import Company


def run_simulation(
    document: Any, *, now: datetime, zone: ZoneInfo, shows_customers: bool = True
) -> dict[str, Any]:
    """Return the evaluation that a simulation document asks for.

    With ``"live": true`` what is published takes part, lines are completed from the catalogue as at the till, codes and VIP
    cards are looked up (what is known of a card's customer counts with `shows_customers` only), and gifts
    have their names. ``"saved"`` names campaigns whose working copies take part, published or not. Raises DocumentError
    or a 422 problem, naming every fault.
    """
    refuse_unclean(document)
    live: Plan | None = None
    as_given = document
    if isinstance(document, dict):
        if "saved" in document:
            document = with_saved(document)
        as_given = document
        if document.get("live") is True:
            live = plan_for(current_plan_version())
            document = _with_codes(_completed(document), now, zone, shows_customers)
            document = _with_programs(document)
    try:
        return simulate(
            document,
            now=now,
            zone=zone,
            live=live,
            explain=explain,
            explain_refused=explain_refused,
            read_products=None if live is None else catalogue_items,
            as_given=as_given,
        )
    except DocumentError as error:
        if live is None:
            raise
        basket = document.get("basket")
        lines = basket.get("lines") if isinstance(basket, dict) else None
        raise DocumentError(catalogue_problems(error.problems, lines, "basket.lines")) from error


def company_zone() -> ZoneInfo:
    """Return the time zone of documents that name none."""
    try:
        name = Company.objects.values_list("time_zone", flat=True).first()
    except DatabaseError:
        # Documents alone need no database: the shell evaluates them without one.
        name = None
    return ZoneInfo(name or settings.TIME_ZONE)


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with what the catalogue knows of its lines; what a line says itself stands."""
    basket = document.get("basket")
    if not isinstance(basket, dict) or not isinstance(lines := basket.get("lines"), list):
        return document
    return document | {"basket": basket | {"lines": completed_lines(lines)}}


def _with_codes(
    document: dict[str, Any], now: datetime, zone: ZoneInfo, shows_customers: bool
) -> dict[str, Any]:
    """Return the document with what is known of the codes that were entered; what it says itself stands.

    A VIP card makes it the purchase of its customer where the document names nobody.
    """
    basket, given = document.get("basket"), document.get("promo_codes", [])
    entered = basket.get("promo_codes") if isinstance(basket, dict) else None
    if not isinstance(basket, dict) or not isinstance(entered, list) or not isinstance(given, list):
        return document
    words = [word for word in entered if isinstance(word, str)]
    moment = read_instant(document.get("at")) or read_instant(basket.get("occurred_at")) or now
    named = _named(document.get("shopper"), basket.get("customer"))
    customer = None if named is None else _customer(*named)
    buyer, cards = vip_cards_entered(words, customer=customer, is_named=named is not None, at=moment)
    described = {
        normalize(code["code"])
        for code in given
        if isinstance(code, dict) and isinstance(code.get("code"), str)
    }
    known = [*promo_code_facts(words, customer=buyer, at=moment), *cards]
    found = [code for code in known if code["code"] not in described]
    if cards and named is None and document.get("shopper") is None:
        facts = shopper_facts(buyer, at=moment.astimezone(zone)) if buyer and shows_customers else {}
        document = document | {"shopper": facts}
    return document | {"promo_codes": [*given, *found]} if found else document


def _with_programs(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the programs and stamp plans that are active; those that it gives stand."""
    for name, read in (("programs", program_documents), ("stamp_plans", plan_documents)):
        given = document.get(name, [])
        if isinstance(given, list):
            described = [unit.get("code") for unit in given if isinstance(unit, dict)]
            found = [unit for unit in read() if unit["code"] not in described]
            document = document | {name: [*given, *found]}
    return document


def _named(shopper: Any, customer: Any) -> tuple[str, str] | None:
    """Return by what the document names who buys: the document of an imagined shopper, or the basket's customer."""
    if isinstance(shopper, dict) and isinstance(text := shopper.get("document"), str) and text:
        return "document", text
    if isinstance(customer, dict):
        for name in ("document", "code", "phone", "email", "card"):
            if isinstance(text := customer.get(name), str) and text:
                return name, text
    return None


def _customer(name: str, text: str) -> Customer | None:
    """Return the customer who is named: their own codes are theirs to use."""
    try:
        return find_customer(name, text)
    except CustomerAmbiguous:
        return None
