"""What messages about one new voucher have in common: they tell its code, once, and nothing of one that was used."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from loyalty.models import AccountKind, Lot
from messaging.batches import BATCH, batches
from messaging.facts import Facts
from messaging.models import Automation, Message
from messaging.occasions.base import AutomaticKind
from messaging.occasions.parts import Candidate, LastLook, NotNow
from messaging.occasions.value_variables import CODE, NO_VALUE, VALUE, value_words
from messaging.occasions.variables import CUSTOMER, OPT_OUT, STORE
from messaging.purposes import MessagePurpose
from messaging.schedule import Window
from messaging.selectors import value as values
from messaging.selectors.contacts import Recipient, recipients, why_no_channel
from retail.models import Store

KINDS = (AccountKind.VOUCHER, AccountKind.RATE_VOUCHER)


class NewVoucher(AutomaticKind):
    """A message about a voucher that a customer was given. Keys: `lot:<key>` of the voucher. Due as soon as it was given."""

    purpose = MessagePurpose.MARKETING
    variables = (*CUSTOMER, *STORE, *VALUE, *CODE, *OPT_OUT)
    # How long after it was given a voucher is news.
    news_for: ClassVar[timedelta]

    def given(self, lots: QuerySet[Lot], settings: Any, *, since: datetime) -> QuerySet[Lot]:
        """Return those of `lots`, usable vouchers of known customers, that this occasion tells of and that were given since."""
        raise NotImplementedError

    def candidates(
        self, automation: Automation | None, *, at: datetime, whole_day: bool = False
    ) -> Iterator[Candidate]:
        """Yield the customers who have such a voucher and were not told."""
        assert automation is not None  # noqa: S101 - automatic occasions are planned with theirs
        since = max(at - self.news_for, automation.enabled_at or at)
        off = set(automation.stores_off.values_list("pk", flat=True))
        found = self.given(values.open_lots(KINDS, at=at), self.read(automation), since=since)
        for batch in batches(self._not_told(found).order_by("pk").iterator(chunk_size=BATCH)):
            known = recipients([values.owner_of(lot) for lot in batch])
            for lot in batch:
                person, store = known[values.owner_of(lot).pk], values.store_of(lot)
                if (store is None or store.pk not in off) and (person.email or person.phone):
                    ends_at = min(filter(None, (lot.created_at + self.news_for, lot.ends_at)))
                    yield Candidate(
                        recipient=person,
                        occasion_key=f"lot:{lot.pk}",
                        window=Window(lot.created_at, ends_at),
                        reason=why_no_channel(person, automation.channels, self.purpose),
                        store_id=store.pk if store else None,
                    )

    def _not_told(self, lots: QuerySet[Lot]) -> QuerySet[Lot]:
        key = Concat(Value("lot:"), Cast(OuterRef("pk"), CharField()), output_field=CharField())
        return lots.exclude(Exists(Message.objects.filter(occasion=self.code, occasion_key=key)))

    def subject(self, message: Message, *, at: datetime) -> Any:
        number = message.occasion_key.removeprefix("lot:")
        lots = list(values.open_lots(KINDS, at=at).filter(pk=number))
        return values.value_of(lots, at=at, with_code=True)

    def shown(self, candidates: Sequence[Candidate], *, at: datetime) -> list[Any]:
        """Return the vouchers without their codes: a manager sees the last four."""
        keys = [int(candidate.occasion_key.removeprefix("lot:")) for candidate in candidates]
        lots = values.open_lots(KINDS, at=at).filter(pk__in=keys)
        found = values.values_of({lot.pk: [lot] for lot in lots}, at=at)
        return [found.get(key) for key in keys]

    def last_look(self, look: LastLook) -> NotNow | None:
        """A voucher that was used, or whose code nobody can read any more, is not told."""
        if look.subject is None or not look.subject.code:
            return NotNow("value_used")
        return None

    def fill(self, facts: Facts) -> dict[str, Any]:
        value = facts.subject
        if value is None:
            return {"value": NO_VALUE}
        # Whoever looks at what would be sent sees the last four.
        return {"value": value_words(value, zone=facts.zone) | {"code": value.code or values.masked(value)}}

    def as_stored(self, facts: Facts) -> Facts:
        """A code is worth money to whoever reads it: the stored text has its last four only."""
        return replace(facts, subject=replace(facts.subject, code="")) if facts.subject else facts

    def people(self, *, at: datetime) -> list[tuple[str, str]]:
        lots = values.sample_lots(KINDS, at=at)
        return [(str(lot.pk), values.owner_of(lot).name) for lot in lots]

    def person(self, key: int, *, at: datetime) -> tuple[Recipient, Store | None, Any] | None:
        found = values.value_of(values.sample_lots(KINDS, at=at, pks=[key]), at=at)
        return (recipients([found.customer])[found.customer.pk], found.store, found) if found else None
