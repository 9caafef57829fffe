"""Pools of promotional codes: making and closing codes. Uses are counted by settlement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from campaigns import codes
from campaigns.models import Campaign, PromoCode, PromoCodePool
from campaigns.services.campaigns import create_campaign
from customers import documents
from customers.models import Customer

MOST_AT_ONCE = 100_000
BATCH = 5_000


class PromoCodeError(Exception):
    """A refusal. `code` is stable, `path` names the argument, the message is for people."""

    code = "promo_code_error"
    message = gettext_lazy("The promotional codes could not be changed.")

    def __init__(self, path: str = "") -> None:
        super().__init__(str(self.message))
        self.path = path

    @property
    def errors(self) -> list["PromoCodeError"]:
        return [self]


class PoolCodeTaken(PromoCodeError):
    code = "code_taken"
    message = gettext_lazy("Another pool has this code.")


class PoolHasUses(PromoCodeError):
    code = "pool_in_use"
    message = gettext_lazy("Codes of this pool were used; deactivate them instead.")


class TooManyCodes(PromoCodeError):
    code = "too_many"
    message = gettext_lazy("At most 100,000 codes can be made or read at once.")


class CampaignUnknown(PromoCodeError):
    code = "campaign_unknown"
    message = gettext_lazy("There is no campaign with this code.")


class PrefixInvalid(PromoCodeError):
    code = "invalid_code"
    message = gettext_lazy("Use up to 16 letters or digits.")


class WordInvalid(PromoCodeError):
    code = "invalid_code"
    message = gettext_lazy("Use 1 to 64 letters, digits, dots, hyphens or underscores, without spaces.")


class WordTaken(PromoCodeError):
    code = "code_taken"
    message = gettext_lazy("This code exists already.")


class CustomerUnknown(PromoCodeError):
    code = "customer_unknown"
    message = gettext_lazy("No customer has this document, code or card.")


class WindowEmpty(PromoCodeError):
    code = "empty_period"
    message = gettext_lazy("The end of the validity must be after its start.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for every code of one generation or import. `max_uses` None is without limit."""

    max_uses: int | None = 1
    starts_at: datetime | None = None
    expires_at: datetime | None = None


@transaction.atomic
def create_pool(
    *,
    code: str,
    name: str,
    campaign: str | None,
    prefix: str = "",
    for_automations: bool = False,
) -> PromoCodePool:
    """Make an empty pool that opens a campaign. Raises PoolCodeTaken, CampaignUnknown, PrefixInvalid."""
    pool = PromoCodePool(
        code=code,
        name=name,
        campaign=_campaign(campaign),
        pattern=_prefix(prefix),
        for_automations=for_automations,
    )
    try:
        with transaction.atomic():
            pool.save(force_insert=True)
    except IntegrityError as error:
        raise PoolCodeTaken("code") from error
    return pool


@transaction.atomic
def change_pool(
    *, pool: PromoCodePool, name: str, campaign: str | None, prefix: str, for_automations: bool
) -> PromoCodePool:
    """Change a pool; codes that exist keep theirs. Raises CampaignUnknown, PrefixInvalid."""
    pool.name = name
    pool.campaign = _campaign(campaign)
    pool.pattern = _prefix(prefix)
    pool.for_automations = for_automations
    pool.save()
    return pool


@transaction.atomic
def delete_pool(*, pool: PromoCodePool) -> None:
    """Delete a pool with its codes. Raises PoolHasUses once any code was used."""
    if pool.codes.filter(activations__isnull=False).exists() or pool.codes.filter(used__gt=0).exists():
        raise PoolHasUses
    pool.codes.all().delete()
    pool.delete()


@transaction.atomic
def generate_codes(
    *, pool: PromoCodePool, count: int, terms: Terms, customer: Customer | None = None
) -> list[str]:
    """Add `count` new random codes and return them. With a customer, nobody else can use them.

    Raises TooManyCodes, WindowEmpty.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise TooManyCodes("count")
    refuse_empty_window(terms)
    made: list[str] = []
    while len(made) < count:
        batch = {codes.generate(pool.pattern) for _ in range(min(BATCH, count - len(made)))}
        made += insert_codes(pool, [(code, customer) for code in batch], terms)
    return made


@transaction.atomic
def add_word(*, pool: PromoCodePool, word: str, terms: Terms) -> PromoCode:
    """Add one word that people remember, such as NATAL10. Raises PromoCodeError with code invalid_code or code_taken."""
    refuse_empty_window(terms)
    code = codes.normalize(word)
    if not codes.is_word(code):
        raise WordInvalid("word")
    if not insert_codes(pool, [(code, None)], terms):
        raise WordTaken("word")
    return PromoCode.objects.get(code=code)


@transaction.atomic
def create_campaign_with_word(
    *, document: Mapping[str, Any], word: str, user: User | None, at: datetime
) -> Campaign:
    """Make a draft together with its pool, holding one word without limit of uses.

    Raises like create_campaign, create_pool and add_word.
    """
    campaign = create_campaign(document=document, user=user, at=at)
    pool = create_pool(code=campaign.code, name=campaign.name[:120], campaign=campaign.code)
    add_word(pool=pool, word=word, terms=Terms(max_uses=None))
    return campaign


@transaction.atomic
def set_code_active(*, code: str, active: bool) -> PromoCode:
    """Open or close one code. Raises PromoCode.DoesNotExist."""
    found = PromoCode.objects.select_for_update().get(code=codes.normalize(code))
    found.is_active = active
    found.save(update_fields=["is_active"])
    return found


def insert_codes(
    pool: PromoCodePool, entries: Sequence[tuple[str, Customer | None]], terms: Terms
) -> list[str]:
    """Insert the codes that nobody has yet, in one statement, and return those."""
    rows = [
        PromoCode(
            pool=pool,
            code=code,
            customer=customer,
            max_uses=terms.max_uses,
            starts_at=terms.starts_at,
            expires_at=terms.expires_at,
        )
        for code, customer in entries
    ]
    before = set(PromoCode.objects.filter(code__in=[row.code for row in rows]).values_list("code", flat=True))
    fresh = [row for row in rows if row.code not in before]
    # A parallel insert of the same code is skipped by the database; then it is not ours.
    PromoCode.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=BATCH)
    kept = PromoCode.objects.filter(pool=pool, code__in=[row.code for row in fresh])
    mine = set(kept.values_list("code", flat=True))
    return [row.code for row in fresh if row.code in mine]


def customer_named(name: str) -> Customer | None:
    """Return the customer of a document, code or card; None for no name. Raises CustomerUnknown."""
    if not name.strip():
        return None
    found = customers_named({name.strip()})
    if not found:
        raise CustomerUnknown("customer")
    return next(iter(found.values()))


def customers_named(owners: Iterable[str]) -> dict[str, Customer]:
    """Find customers by what a file may name them with: document (masked or not), own code or card."""
    wanted = {owner: documents.normalize(owner) for owner in owners}
    if not wanted:
        return {}
    by_document = {
        customer.document: customer for customer in Customer.objects.filter(document__in=wanted.values())
    }
    by_code = {customer.code: customer for customer in Customer.objects.filter(code__in=wanted)}
    by_card = {customer.card: customer for customer in Customer.objects.filter(card__in=wanted)}
    found = {
        owner: by_document.get(document) or by_code.get(owner) or by_card.get(owner)
        for owner, document in wanted.items()
    }
    return {owner: customer for owner, customer in found.items() if customer is not None}


def _campaign(code: str | None) -> Campaign | None:
    if not code:
        return None
    try:
        return Campaign.objects.get(code=code)
    except Campaign.DoesNotExist as error:
        raise CampaignUnknown("campaign") from error


def _prefix(prefix: str) -> str:
    prefix = codes.normalize(prefix)
    if prefix and not (prefix.isascii() and prefix.isalnum() and len(prefix) <= 16):
        raise PrefixInvalid("prefix")
    return prefix


def refuse_empty_window(terms: Terms) -> None:
    """Raises WindowEmpty when no code could ever be used."""
    if terms.starts_at and terms.expires_at and terms.expires_at <= terms.starts_at:
        raise WindowEmpty("expires_at")
