"""What vouchers are given for purchases: an amount, a share of the turnover, or a voucher in percent, by tiers.

Pure (docs/algorithms/issuing.md). Money is integer cents, percentages are integer millionths.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from retail import money

MOST_TIERS = 20
HUNDRED_PERCENT = money.MILLION


class PercentMeans(StrEnum):
    """What a tier's percentage gives."""

    TURNOVER = "turnover"  # an amount: that part of the turnover
    VOUCHER = "voucher"  # a voucher that takes this percentage off one purchase


class Withheld(StrEnum):
    """Why nothing is given."""

    VISITS = "minimum_visits"
    TURNOVER = "minimum_turnover"
    TIER = "below_first_tier"
    ROUNDS_TO_NOTHING = "rounds_to_nothing"


class TermsInvalid(ValueError):
    """Terms that contradict themselves; `path` names the field, `code` why."""

    def __init__(self, path: str, code: str) -> None:
        super().__init__(f"{path}: {code}")
        self.path = path
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """What a turnover of `from_cents` or more is given: cents, or a percentage in millionths; never both."""

    from_cents: int = 0
    amount: int | None = None
    percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who is given something, and how much. `most` limits every amount; tiers rise strictly.

    Raises TermsInvalid for what makes no sense.
    """

    tiers: Sequence[Tier]
    percent_means: PercentMeans = PercentMeans.TURNOVER
    minimum_turnover: int = 0
    minimum_visits: int = 0
    most: int | None = None

    def __post_init__(self) -> None:
        if not self.tiers:
            raise TermsInvalid("tiers", "required")
        if len(self.tiers) > MOST_TIERS:
            raise TermsInvalid("tiers", "too_many")
        before = -1
        for place, tier in enumerate(self.tiers):
            where = f"tiers[{place}]"
            if (tier.amount is None) == (tier.percent is None):
                raise TermsInvalid(where, "amount_or_percent")
            if tier.amount is not None and tier.amount <= 0:
                raise TermsInvalid(f"{where}.amount", "not_positive")
            if tier.percent is not None and not 0 < tier.percent <= HUNDRED_PERCENT:
                raise TermsInvalid(f"{where}.percent", "range")
            if tier.from_cents <= before:
                raise TermsInvalid(f"{where}.from", "not_rising")
            before = tier.from_cents
        for name, value in (
            ("minimum_turnover", self.minimum_turnover),
            ("minimum_visits", self.minimum_visits),
        ):
            if value < 0:
                raise TermsInvalid(name, "negative")
        if self.most is not None and self.most <= 0:
            raise TermsInvalid("most", "not_positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is given: cents, or with `percent` (millionths) a voucher in percent; or the reason why nothing is."""

    amount: int = 0
    percent: int | None = None
    withheld: Withheld | None = None

    @property
    def is_something(self) -> bool:
        return self.withheld is None


def given_for(terms: Terms, *, turnover: int, visits: int) -> Given:
    """Return what a customer with this turnover (cents) and so many visits is given. Both minimums are inclusive."""
    if visits < terms.minimum_visits:
        return Given(withheld=Withheld.VISITS)
    if turnover < terms.minimum_turnover:
        return Given(withheld=Withheld.TURNOVER)
    reached = [tier for tier in terms.tiers if tier.from_cents <= turnover]
    if not reached:
        return Given(withheld=Withheld.TIER)
    tier = reached[-1]
    if tier.percent is not None and terms.percent_means == PercentMeans.VOUCHER:
        return Given(percent=tier.percent)
    amount = tier.amount if tier.percent is None else money.percent_of(turnover, tier.percent)
    amount = amount or 0
    if terms.most is not None:
        amount = min(amount, terms.most)
    if amount <= 0:
        return Given(withheld=Withheld.ROUNDS_TO_NOTHING)
    return Given(amount=amount)


# --- As documents -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads numbers of a document, and says which one is wrong."""

    document: Mapping[str, Any]
    path: str

    def cents(self, name: str) -> int | None:
        value = self.document.get(name)
        if value is None:
            return None
        try:
            cents = money.parse(value)
        except money.MoneyError as error:
            raise TermsInvalid(self.path + name, "amount") from error
        if cents < 0:
            raise TermsInvalid(self.path + name, "negative")
        return cents

    def percent(self, name: str) -> int | None:
        value = self.document.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise TermsInvalid(self.path + name, "percent")
        try:
            millionths = Decimal(value) * 10_000
        except InvalidOperation as error:
            raise TermsInvalid(self.path + name, "percent") from error
        if not millionths.is_finite() or abs(millionths) > 10**9 or millionths != int(millionths):
            raise TermsInvalid(self.path + name, "percent")
        return int(millionths)


def read_tiers(documents: Any) -> list[Tier]:
    """Read tiers as they are written: `[{"from": "50.00", "percent": "5"}, {"from": "100.00", "amount": "10.00"}]`.

    Raises TermsInvalid, which names the field.
    """
    if not isinstance(documents, list):
        raise TermsInvalid("tiers", "list")
    tiers = []
    for place, document in enumerate(documents):
        if not isinstance(document, Mapping) or not document.keys() <= {"from", "amount", "percent"}:
            raise TermsInvalid(f"tiers[{place}]", "unknown_field")
        reader = _Reader(document, f"tiers[{place}].")
        tiers.append(
            Tier(
                from_cents=reader.cents("from") or 0,
                amount=reader.cents("amount"),
                percent=reader.percent("percent"),
            )
        )
    return tiers


def write_tiers(tiers: Sequence[Tier]) -> list[dict[str, str]]:
    """Return tiers as they are stored and as the API writes them."""
    written = []
    for tier in tiers:
        document = {"from": money.text(tier.from_cents)}
        if tier.amount is not None:
            document["amount"] = money.text(tier.amount)
        if tier.percent is not None:
            document["percent"] = f"{(Decimal(tier.percent) / 10_000).normalize():f}"
        written.append(document)
    return written
