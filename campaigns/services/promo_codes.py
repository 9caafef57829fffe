"""Making promotional codes and closing single ones. Uses are counted by settlement; pools are in promo_code_pools."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from campaigns.models import CampaignStatus, PoolTerms, PromoCode, PromoCodePool
from campaigns.services import promo_code_refusals as refusals
from customers import documents
from customers.models import Customer
from loyalty.rules import end_after
from retail import codes
from retail.selectors.company import company_zone

# More are made or read by a job, so that nobody waits for a page.
MOST_AT_ONCE = 10_000
MOST_BY_JOB = 1_000_000
BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for every code of one generation or import. A `max_uses` of None is without limit."""

    max_uses: int | None = 1
    max_uses_per_customer: int | None = None
    starts_at: datetime | None = None
    expires_at: datetime | None = None

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "max_uses": self.max_uses,
            "max_uses_per_customer": self.max_uses_per_customer,
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Terms":
        moments = {
            name: datetime.fromisoformat(document[name]) if document[name] else None
            for name in ("starts_at", "expires_at")
        }
        return cls(
            max_uses=document["max_uses"], max_uses_per_customer=document["max_uses_per_customer"], **moments
        )


def pool_terms(pool: PromoCodePool, *, at: datetime) -> Terms:
    """Return what holds for a new code of a pool when nothing else is said: the earlier of its two ends counts.

    Days of validity end with the last of them, by the clocks of the company: a pool belongs to no store.
    """
    ends = [pool.expires_at] if pool.expires_at else []
    if pool.valid_days is not None:
        ends.append(end_after(at, pool.valid_days, company_zone()))
    return Terms(
        max_uses=pool.max_uses,
        max_uses_per_customer=pool.max_uses_per_customer,
        expires_at=min(ends, default=None),
    )


def pattern_of(pool: PromoCodePool) -> codes.Pattern:
    """Return what a pool's generated codes look like."""
    return codes.Pattern(pool.pattern, pool.length, pool.alphabet, pool.has_check_symbol)


def revision_at_issue(pool: PromoCodePool) -> int | None:
    """Return the revision whose terms a code issued now keeps; None when codes follow the live campaign.

    Raises CampaignNotLive.
    """
    if pool.terms != PoolTerms.AS_ISSUED:
        return None
    campaign = pool.campaign
    if campaign is None or campaign.status != CampaignStatus.PUBLISHED:
        raise refusals.CampaignNotLive("campaign")
    return campaign.live_revision_id


@transaction.atomic
def generate_codes(
    *, pool: PromoCodePool, count: int, terms: Terms, customer: Customer | None = None, at: datetime
) -> list[str]:
    """Add `count` new random codes and return them. With a customer, nobody else can use them.

    Raises TooManyAtOnce, WindowEmpty, PatternTooShort, CampaignNotLive.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise refusals.TooManyAtOnce("count")
    refuse_empty_window(terms)
    refuse_short_pattern(pool, count)
    owner = None if customer is None else customer.pk
    revision = revision_at_issue(pool)
    made: list[str] = []
    while len(made) < count:
        drawn = pattern_of(pool).generate(count - len(made))
        made += insert_codes(pool, drawn, terms, customers=[owner] * len(drawn), revision=revision, at=at)
    return made


@transaction.atomic
def add_word(*, pool: PromoCodePool, word: str, terms: Terms, at: datetime) -> PromoCode:
    """Add one word that people remember, such as NATAL10. Raises WordInvalid, WordTaken, WindowEmpty, CampaignNotLive."""
    refuse_empty_window(terms)
    code = codes.normalize(word)
    if not codes.is_word(code):
        raise refusals.WordInvalid("word")
    if not insert_codes(pool, [code], terms, revision=revision_at_issue(pool), at=at):
        raise refusals.WordTaken("word")
    return PromoCode.objects.get(code=code)


@transaction.atomic
def set_code_active(*, code: str, active: bool) -> PromoCode:
    """Open or close one code. Raises PromoCode.DoesNotExist."""
    found = PromoCode.objects.select_for_update().get(code=codes.normalize(code))
    found.is_active = active
    found.save(update_fields=["is_active"])
    return found


_INSERT = """
INSERT INTO campaigns_promocode (pool_id, code, customer_id, revision_id, issued_by_id, max_uses, max_uses_per_customer,
    used, starts_at, expires_at, is_active, created_at)
SELECT %s, w.code, w.customer_id, %s, %s, %s, %s, 0, %s, %s, true, %s
FROM unnest(%s::text[], %s::bigint[]) AS w(code, customer_id)
ON CONFLICT (code) DO NOTHING
RETURNING code
"""


def insert_codes(
    pool: PromoCodePool,
    new: Sequence[str],
    terms: Terms,
    *,
    customers: Sequence[int | None] = (),
    revision: int | None = None,
    issued_by: int | None = None,
    at: datetime,
) -> list[str]:
    """Insert the codes that nobody has yet, in one statement, and return those. Counts them on the pool's row.

    `customers` are keys of the only customers who may use them, one for each code; none means anybody.
    """
    values: list[Any] = [
        pool.pk,
        revision,
        issued_by,
        terms.max_uses,
        terms.max_uses_per_customer,
        terms.starts_at,
        terms.expires_at,
        at,
        list(new),
        list(customers) or [None] * len(new),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
        made = [row[0] for row in cursor.fetchall()]
    # Last, so that the lock of the pool's row is held as briefly as possible.
    PromoCodePool.objects.filter(pk=pool.pk).update(code_count=F("code_count") + len(made))
    return made


def customer_named(name: str) -> Customer | None:
    """Return the customer of a document, code or card; None for no name. Raises CustomerUnknown."""
    if not name.strip():
        return None
    found = customers_named({name.strip()})
    if not found:
        raise refusals.CustomerUnknown("customer")
    return next(iter(found.values()))


def customers_named(owners: Iterable[str]) -> dict[str, Customer]:
    """Find customers by what a file may name them with: document (masked or not), own code or card."""
    wanted = {owner: documents.normalize(owner) for owner in owners}
    if not wanted:
        return {}
    # A record that was merged into another names that one.
    known = Customer.objects.select_related("merged_into")
    by_document = {one.document: one.merged_into or one for one in known.filter(document__in=wanted.values())}
    by_code = {one.code: one.merged_into or one for one in known.filter(code__in=wanted)}
    by_card = {one.card: one.merged_into or one for one in known.filter(card__in=wanted)}
    found = {
        owner: by_document.get(document) or by_code.get(owner) or by_card.get(owner)
        for owner, document in wanted.items()
    }
    return {owner: customer for owner, customer in found.items() if customer is not None}


def refuse_empty_window(terms: Terms) -> None:
    """Raises WindowEmpty when no code could ever be used."""
    if terms.starts_at and terms.expires_at and terms.expires_at <= terms.starts_at:
        raise refusals.WindowEmpty("expires_at")


def refuse_past_end(terms: Terms, *, at: datetime) -> None:
    """Raises EndPast when the codes would have expired before anybody has them."""
    if terms.expires_at and terms.expires_at <= at:
        raise refusals.EndPast("expires_at")


def refuse_short_pattern(pool: PromoCodePool, count: int) -> None:
    """Raises PatternTooShort when so many more codes could be found by guessing."""
    if not pattern_of(pool).holds(pool.code_count + count):
        raise refusals.PatternTooShort("count")
