"""The vocabulary in which customers are asked for."""

from collections.abc import Collection
from contextlib import suppress
from datetime import date
from typing import Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from customers.documents import is_valid, normalize
from customers.phones import to_e164
from retail.models.search import Searchable
from retail.querysets import name_contains


class CustomerQuerySet(models.QuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def known_by(self, **what: object) -> Self:
        """Customers that have exactly this, or into whom a record that has it was merged."""
        found = self.model._default_manager.filter(**what)
        return self.filter(pk__in=found.values_list(Coalesce("merged_into_id", "pk")))

    def search(self, text: str) -> Self:
        """Customers with exactly this document, code, card, phone or e-mail, or whose name has all these words.

        A record that was merged into another is found as that one, and by no name of its own. For the back-office only: a
        till looks up one customer and never searches.
        """
        match = Q(code=text) | Q(card=text)
        document = normalize(text)
        if is_valid(document):
            match |= Q(document=document)
        if "@" in text:
            match |= Q(email=text.lower())
        with suppress(ValueError):
            match |= Q(phone=to_e164(text))
        merged = self.model._default_manager.filter(match, merged_into__isnull=False)
        match |= name_contains(text) | Q(_is_among(merged.values("merged_into_id")))
        return self.alias(searchable=Searchable("name")).filter(match, merged_into__isnull=True)

    def born_on(self, days: Collection[date]) -> Self:
        """Customers whose birthday falls on one of these days, whatever the year of birth.

        Whoever was born on 29 February celebrates on the 28th when the year has no 29th.
        """
        match = Q(pk__in=())
        for day in days:
            match |= Q(birth_date__month=day.month, birth_date__day=day.day)
            if (day.month, day.day) == (2, 28) and not _is_leap(day.year):
                match |= Q(birth_date__month=2, birth_date__day=29)
        return self.filter(match)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _is_among(keys: models.QuerySet) -> models.Func:
    """Match the keys that a query finds. Beneath an OR a plain subquery would have the database read every row."""
    return models.Func(
        F("pk"),
        ArraySubquery(keys),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=models.BooleanField(),
    )
