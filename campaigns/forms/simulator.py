"""The form of the simulator: a purchase, who makes it, when and where; declared like the fields of a document."""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.engine import fields
from campaigns.engine.conditions.customer_field import FIELD_CHOICES
from campaigns.engine.fields import Problem, declared_fields
from campaigns.engine.marks import gettext_noop
from campaigns.explanations import OPERATIONS, problem_text
from campaigns.forms.declared import Complaint, DeclaredForm, Holder, Json, RowsForm
from campaigns.forms.inputs import ChoiceInput

PREFIX = "sim"
# Longer addresses are refused by browsers, proxies and our own server; such a scenario is not shared.
MOST_ADDRESS = 3_500
MOST_SCENARIO = 200_000


@fields.declared
class SimulatedLine:
    sku: str = fields.text(label=gettext_noop("Product"), default="")
    quantity: Decimal = fields.quantity(label=gettext_noop("Quantity"), default=Decimal(1))
    unit_price: int | None = fields.money(
        label=gettext_noop("Price"), help=gettext_noop("Empty takes it from the catalogue."), default=None
    )
    original_price: int | None = fields.money(label=gettext_noop("Original price"), default=None)
    product_category: str = fields.text(label=gettext_noop("Category"), default="")
    ncm: str = fields.text(label=gettext_noop("NCM"), default="")
    code: str = fields.text(label=gettext_noop("Product code"), default="")


@fields.declared
class SimulatedExchange:
    sku: str = fields.text(label=gettext_noop("Product"), default="")
    quantity: Decimal = fields.quantity(label=gettext_noop("Quantity"), default=Decimal(1))
    unit_price: int | None = fields.money(label=gettext_noop("Worth"), default=None)


@fields.declared
class SimulatedPayment:
    method: str = fields.text(label=gettext_noop("Method"), default="")
    amount: int | None = fields.money(label=gettext_noop("Amount"), default=None)


@fields.declared
class SimulatedCapture:
    name: str = fields.choice(FIELD_CHOICES, label=gettext_noop("Field"), default=None)
    value: str = fields.text(label=gettext_noop("What is typed"), default="")


@fields.declared
class SimulatedShopper:
    age: int | None = fields.integer(label=gettext_noop("Age"), default=None, minimum=0)
    sex: str = fields.choice(
        (("f", gettext_noop("Female")), ("m", gettext_noop("Male")), ("o", gettext_noop("Other"))),
        label=gettext_noop("Sex"),
        default=None,
    )
    birth_date: date | None = fields.declare("date", label=gettext_noop("Birth date"), default=None)
    groupings: tuple[str, ...] = fields.texts(label=gettext_noop("Customer groupings"), default=())
    consents: tuple[str, ...] = fields.texts(label=gettext_noop("Consents given"), default=())
    level: int | None = fields.integer(label=gettext_noop("Loyalty level"), default=None, minimum=0)
    loyalty_category: str = fields.text(label=gettext_noop("Loyalty category"), default="")
    previous_purchases: int | None = fields.integer(
        label=gettext_noop("Purchases so far"),
        help=gettext_noop("0 makes this the first one."),
        default=None,
        minimum=0,
    )
    visits: int | None = fields.integer(
        label=gettext_noop("Visits in twelve months"), default=None, minimum=0
    )
    turnover: int | None = fields.money(label=gettext_noop("Turnover in twelve months"), default=None)
    last_purchase_days: int | None = fields.integer(
        label=gettext_noop("Days since the last purchase"), default=None, minimum=0
    )
    document: str = fields.text(label=gettext_noop("CPF or CNPJ"), default="")
    agenda: bool = fields.boolean(label=gettext_noop("Has an appointment with a seller"), default=False)
    cashback: int | None = fields.money(
        label=gettext_noop("Cashback held"),
        help=gettext_noop("What can be used of it in this purchase."),
        default=None,
    )
    cashback_used: int | None = fields.money(
        label=gettext_noop("Cashback to use"),
        help=gettext_noop("Empty: as much of it as its terms allow."),
        default=None,
    )
    cashback_percent: int | None = fields.percent(
        label=gettext_noop("Of it at most (percentage)"),
        help=gettext_noop("Of this purchase. Empty: no limit."),
        default=None,
    )


@fields.declared
class SimulatedPoints:
    program: str = fields.text(label=gettext_noop("Program"), default="")
    held: Decimal | None = fields.decimal(label=gettext_noop("Points held"), default=None)
    used: Decimal | None = fields.decimal(
        label=gettext_noop("Points to use"),
        help=gettext_noop("Empty: as many as the program allows. 0 uses none."),
        default=None,
    )


@fields.declared
class Simulator:
    campaigns: tuple[str, ...] = fields.texts(
        label=gettext_noop("Campaigns"),
        help=gettext_noop("Drafts too: what is saved of them takes part, published or not."),
        default=(),
    )
    live: bool = fields.boolean(label=gettext_noop("Together with everything that is live"), default=False)
    lines: tuple[SimulatedLine, ...] = fields.objects(
        SimulatedLine, label=gettext_noop("Basket"), min_items=1
    )
    payments: tuple[SimulatedPayment, ...] = fields.objects(
        SimulatedPayment, label=gettext_noop("Payments"), default=()
    )
    promo_codes: tuple[str, ...] = fields.texts(
        label=gettext_noop("Promotional codes"), help=gettext_noop("VIP cards, too."), default=()
    )
    customer: str = fields.text(
        label=gettext_noop("A customer of yours"),
        help=gettext_noop("Search by name or document. Nothing is recorded on the customer."),
        default="",
    )
    shopper: SimulatedShopper | None = fields.record(
        SimulatedShopper,
        label=gettext_noop("An invented customer"),
        help=gettext_noop("With a customer of yours, what you fill in here replaces what is known."),
        default=None,
    )
    points: tuple[SimulatedPoints, ...] = fields.objects(
        SimulatedPoints,
        label=gettext_noop("Points of the customer"),
        help=gettext_noop("What an invented customer holds in each program, and uses in this purchase."),
        default=(),
    )
    at: datetime | None = fields.instant(
        label=gettext_noop("When"), help=gettext_noop("Empty is now."), default=None
    )
    store: str = fields.text(label=gettext_noop("Store"), default="")
    operation: str = fields.text(label=gettext_noop("Sale category"), default="sale")
    exchange: tuple[SimulatedExchange, ...] = fields.objects(
        SimulatedExchange, label=gettext_noop("Exchanged items"), default=()
    )
    delivery_fee: int | None = fields.money(label=gettext_noop("Delivery fee"), default=None)
    captured: tuple[SimulatedCapture, ...] = fields.objects(
        SimulatedCapture, label=gettext_noop("Typed at the till"), default=()
    )


class SimulatorForm(DeclaredForm):
    """The declared inputs, and what is ticked on the result: accepted campaigns and chosen gifts."""

    def __init__(self, data: QueryDict | None = None, *, scenario: Json | None = None) -> None:
        shown = None if scenario is None else _as_shown(scenario)
        super().__init__(declared_fields(Simulator), data, document=shown, prefix=PREFIX)
        self.fields["promo_codes"].widget.attrs["rows"] = 1
        given = (scenario or {}) if data is None else {"operation": data.get(f"{PREFIX}-operation")}
        self._offer_operations(str(given.get("operation") or ""))
        if data is None:
            self.accepted = list((scenario or {}).get("accepted", []))
            self.gifts = list((scenario or {}).get("gifts", []))
        else:
            self.accepted = list(dict.fromkeys(data.getlist("accepted")))
            self.gifts = _gifts(data)

    def _offer_operations(self, chosen: str) -> None:
        """Let categories of sales be chosen by their names; one that a chain made up stays as it is written."""
        offered: dict[str, Any] = {code: _(label) for code, label in OPERATIONS.items()}
        if chosen:
            offered.setdefault(chosen, chosen)
        declared = self.fields["operation"]
        self.fields["operation"] = ChoiceInput(
            choices=list(offered.items()), label=declared.label, required=False
        )

    def scenario(self) -> Json:
        """Return what is asked for, without what is empty (`campaigns.services.simulator`)."""
        found = self.document()
        for line in found.get("lines", []):
            if category := line.pop("product_category", None):
                line["category"] = category
        asked = {name: _without_empty(value) for name, value in found.items()}
        for name, places in self._filled(found).items():
            asked[name] = [_without_empty(found[name][place]) for place in places]
        asked |= {"accepted": self.accepted, "gifts": self.gifts}
        return {name: value for name, value in asked.items() if name == "lines" or not _is_empty(value)}

    def _filled(self, found: Json) -> dict[str, list[int]]:
        """Return by list which of its rows ask for something: the others do not count. Every line begins with a quantity."""
        return {
            name: [
                place
                for place, row in enumerate(found.get(name, []))
                if set(_without_empty(row)) - ({"quantity"} if name == "lines" else set())
            ]
            for name, child in self.children.items()
            if isinstance(child, RowsForm)
        }

    def complaints_about(self, problems: Iterable[Problem]) -> list[Complaint]:
        """Return what cannot be read and what the engine says of the scenario, each once, with its place on the page."""
        found = list(self.complaints())
        # What could not be read is also missing; the first complaint is the useful one.
        unreadable = {complaint.anchor for complaint in found}
        places = {path: (holder, name) for path, holder, name in self.inputs()}
        filled = self._filled(self.document())
        for problem in problems:
            path = _on_page(problem.path, filled)
            while path and path not in places:
                path = path.rpartition(".")[0]
            text = problem_text(problem)
            complaint = Complaint("", "", text)
            if path:
                holder, name = places[path]
                complaint = self._complaint(path, holder, name, text)
                if complaint.anchor in unreadable:
                    continue
                holder.add_error(name, text)
            found.append(complaint)
        return found

    def _complaint(self, path: str, holder: Holder, name: str, text: str) -> Complaint:
        if isinstance(holder, RowsForm):
            return Complaint(f"rows-{holder.prefix}", str(holder.label), text)
        if not isinstance(holder, DeclaredForm):
            return Complaint("", str(getattr(holder, "label", "")), text)
        list_name, _dot, rest = path.partition(".")
        rows, bound = self.children.get(list_name), holder[name]
        label = str(bound.label)
        if isinstance(rows, RowsForm):
            label = f"{rows.label_of(int(rest.partition('.')[0]))} › {label}"
        return Complaint(str(bound.auto_id), label, text)

    def rows(self, name: str) -> RowsForm:
        rows = self.children[name]
        if not isinstance(rows, RowsForm):
            raise TypeError(f"{name} is no list")
        return rows

    def act(self, action: str) -> None:
        """Add or remove a row: `add:sim-lines`, `remove:sim-lines-2`."""
        verb, _colon, prefix = action.partition(":")
        for child in self.children.values():
            if not isinstance(child, RowsForm):
                continue
            number = prefix.removeprefix(f"{child.prefix}-")
            if verb == "add" and prefix == child.prefix:
                child.add()
            elif verb == "remove" and number != prefix and number.isdecimal() and len(number) < 5:
                child.remove(int(number))


def _on_page(path: str, filled: Mapping[str, list[int]]) -> str:
    """Return the path of an input from that of a problem, which counts only the rows that ask for something."""
    rows, _dot, rest = path.partition(".")
    place, dot, name = rest.partition(".")
    if rows not in filled or not place.isdecimal() or int(place) >= len(filled[rows]):
        return path
    if (rows, name) == ("lines", "category"):
        name = "product_category"
    return f"{rows}.{filled[rows][int(place)]}{dot}{name}"


def _gifts(data: QueryDict) -> list[Json]:
    found = []
    for name in data:
        kind, _colon, rest = name.partition(":")
        campaign, _colon, sku = rest.partition(":")
        quantity = data.get(name, "").strip()
        if kind == "gift" and campaign and sku and quantity not in ("", "0"):
            found.append({"campaign": campaign, "sku": sku, "quantity": quantity})
    return found


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", [])


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: item for name, item in value.items() if not _is_empty(item)}
    if isinstance(value, list):
        return [entry for item in value if (entry := _without_empty(item)) not in ("", None, {})]
    return value


def _as_shown(scenario: Json) -> Json:
    lines = [
        {
            **{name: value for name, value in line.items() if name != "category"},
            "product_category": line.get("category", ""),
        }
        for line in scenario.get("lines", [])
        if isinstance(line, Mapping)
    ]
    return {**scenario, "lines": lines}


# --- The address of a scenario -------------------------------------------------------------------


def packed(scenario: Json) -> str | None:
    """Return a scenario as it stands in an address; None when it is too long for one."""
    text = json.dumps(scenario, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    address = base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")
    return address if len(address) <= MOST_ADDRESS else None


def unpacked(address: str) -> Json | None:
    """Return the scenario of an address, or None when it holds none."""
    if len(address) > MOST_ADDRESS:
        return None
    try:
        data = base64.b64decode(address + "=" * (-len(address) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj()
        text = inflate.decompress(data, MOST_SCENARIO)
        scenario = json.loads(text) if inflate.eof else None
        # Half of a surrogate pair and NUL are no text for a database.
        if "\0" in json.dumps(scenario, ensure_ascii=False).encode().decode().replace("\\u0000", "\0"):
            return None
    except (ValueError, zlib.error, RecursionError):
        return None
    return scenario if _is_scenario(scenario) else None


_TEXT_LISTS = ("campaigns", "promo_codes", "accepted")
_ROW_LISTS = ("lines", "payments", "points", "exchange", "captured", "gifts")
_TEXTS = ("customer", "at", "store", "operation", "delivery_fee")


def _is_scenario(value: Any) -> bool:
    """Say whether a value from outside has the shape of a scenario; what is in its fields, the engine checks."""
    return (
        isinstance(value, dict)
        and set(value) <= {"live", "shopper", *_TEXT_LISTS, *_ROW_LISTS, *_TEXTS}
        and all(_is_list_of(value.get(name, []), str) for name in _TEXT_LISTS)
        and all(_is_list_of(value.get(name, []), dict) for name in _ROW_LISTS)
        and all(_is_plain_row(row) for name in _ROW_LISTS for row in value.get(name, []))
        and all(isinstance(value.get(name, ""), str) for name in _TEXTS)
        and isinstance(value.get("live", False), bool)
        and (value.get("shopper") is None or _is_plain_row(value["shopper"], lists=True))
    )


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and len(value) <= 500 and all(isinstance(item, kind) for item in value)


def _is_plain_row(row: Any, *, lists: bool = False) -> bool:
    return isinstance(row, dict) and all(
        item is None or isinstance(item, str | int) or (lists and _is_list_of(item, str))
        for item in row.values()
    )
