"""Pools of promotional codes: what new codes look like and what holds for them; closing a pool; what was done to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from campaigns.models import (
    Campaign,
    CodeAlphabet,
    Job,
    JobState,
    PoolTerms,
    PromoCodePool,
    PromoCodePoolEvent,
)
from campaigns.services import promo_code_refusals as refusals
from campaigns.services.campaigns import create_campaign
from campaigns.services.promo_codes import Terms, add_word
from retail import codes

RESERVED_CODE = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """All that a manager decides about a pool. `campaign` is a code; the last five are defaults of new codes."""

    name: str
    campaign: str | None = None
    for_automations: bool = False
    terms: str = PoolTerms.LIVE
    prefix: str = ""
    length: int = 16
    alphabet: str = CodeAlphabet.BASE32
    has_check_symbol: bool = True
    max_uses: int | None = 1
    max_uses_per_customer: int | None = None
    valid_days: int | None = None
    expires_at: datetime | None = None


@transaction.atomic
def create_pool(*, code: str, settings: PoolSettings, user: User | None, at: datetime) -> PromoCodePool:
    """Make an empty pool. Raises PoolCodeTaken, PoolCodeReserved, CampaignUnknown, PoolNeedsCampaign, PrefixInvalid, LengthInvalid."""
    if code == RESERVED_CODE:
        raise refusals.PoolCodeReserved("code")
    pool = PromoCodePool(code=code)
    _write(pool, settings)
    try:
        with transaction.atomic():
            pool.save(force_insert=True)
    except IntegrityError as error:
        raise refusals.PoolCodeTaken("code") from error
    record_event(pool, "created", user=user, at=at)
    return pool


@transaction.atomic
def change_pool(
    *, pool: PromoCodePool, settings: PoolSettings, user: User | None, at: datetime
) -> PromoCodePool:
    """Change a pool; codes that exist keep theirs. Raises like create_pool."""
    pool = PromoCodePool.objects.select_for_update().get(pk=pool.pk)
    _write(pool, settings)
    pool.save()
    record_event(pool, "changed", user=user, at=at)
    return pool


@transaction.atomic
def set_pool_open(*, pool: PromoCodePool, is_open: bool, user: User | None, at: datetime) -> None:
    """Close every code of a pool from this moment on, or let each again be what it is by itself."""
    changed = PromoCodePool.objects.filter(pk=pool.pk, is_active=not is_open).update(is_active=is_open)
    if changed:
        record_event(pool, "opened" if is_open else "closed", user=user, at=at)
    pool.is_active = is_open


@transaction.atomic
def delete_pool(*, pool: PromoCodePool) -> None:
    """Delete a pool with its codes. Raises PoolHasUses once any code was used, PoolBusy while a job fills it."""
    pool = PromoCodePool.objects.select_for_update().get(pk=pool.pk)
    unfinished = Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING])
    if unfinished.filter(arguments__pool=pool.code).exists():
        raise refusals.PoolBusy
    if pool.codes.filter(used__gt=0).exists():
        raise refusals.PoolHasUses
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Without a look at each code: the database knows whether a sale or a message refers to one.
            cursor.execute(
                "DELETE FROM campaigns_promocodeuse u USING campaigns_promocode k "
                "WHERE k.id = u.promo_code_id AND k.pool_id = %s",
                [pool.pk],
            )
            cursor.execute(
                "DELETE FROM campaigns_promocodeimportline r USING campaigns_promocodeimport i "
                "WHERE i.id = r.source_id AND i.pool_id = %s",
                [pool.pk],
            )
            cursor.execute("DELETE FROM campaigns_promocode WHERE pool_id = %s", [pool.pk])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            pool.delete()
    except (IntegrityError, ProtectedError) as error:
        raise refusals.PoolHasUses from error


@transaction.atomic
def create_campaign_with_word(
    *, document: Mapping[str, Any], word: str, user: User | None, at: datetime
) -> Campaign:
    """Make a draft together with its pool, holding one word without limit of uses.

    Raises like create_campaign, create_pool and add_word.
    """
    campaign = create_campaign(document=document, user=user, at=at)
    settings = PoolSettings(name=campaign.name[:120], campaign=campaign.code)
    pool = create_pool(code=campaign.code, settings=settings, user=user, at=at)
    add_word(pool=pool, word=word, terms=Terms(max_uses=None), at=at)
    return campaign


def record_event(
    pool: PromoCodePool, action: str, *, user: User | None, at: datetime, **details: Any
) -> None:
    """Keep what was done to a pool; `details` are JSON values."""
    PromoCodePoolEvent.objects.create(pool=pool, action=action, details=details, user=user, at=at)


def _write(pool: PromoCodePool, settings: PoolSettings) -> None:
    pool.name = settings.name
    pool.campaign = _campaign(settings.campaign)
    if settings.terms == PoolTerms.AS_ISSUED and pool.campaign is None:
        raise refusals.PoolNeedsCampaign("campaign")
    if not 6 <= settings.length <= 32:
        raise refusals.LengthInvalid("length")
    pool.for_automations = settings.for_automations
    pool.terms = settings.terms
    pool.pattern = _prefix(settings.prefix)
    pool.length = settings.length
    pool.alphabet = settings.alphabet
    pool.has_check_symbol = settings.has_check_symbol
    pool.max_uses = settings.max_uses
    pool.max_uses_per_customer = settings.max_uses_per_customer
    pool.valid_days = settings.valid_days
    pool.expires_at = settings.expires_at


def _campaign(code: str | None) -> Campaign | None:
    if not code:
        return None
    try:
        return Campaign.objects.get(code=code)
    except Campaign.DoesNotExist as error:
        raise refusals.CampaignUnknown("campaign") from error


def _prefix(prefix: str) -> str:
    prefix = codes.normalize(prefix)
    if prefix and not (prefix.isascii() and prefix.isalnum() and len(prefix) <= 16):
        raise refusals.PrefixInvalid("prefix")
    return prefix
