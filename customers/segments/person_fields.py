"""What a customer's own record says: who and where they are, how they can be reached, what they agreed to."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache

from django.apps import apps
from django.utils import dates
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import ConsentChannel, CustomerGrouping, Purpose, Sex
from customers.segments.kinds import Choice, Code, Day, DayOfYear, Flag, Text, Whole, named
from customers.segments.operators import SETS, Sql, compare
from customers.segments.registry import (
    ADDRESS,
    CONTACT,
    LOYALTY,
    PERSON,
    Asked,
    Field,
    Statement,
    column,
    on_days,
)
from customers.selectors import days_to_birthday

_BIRTH = "c.birth_date"
_HAS = Flag(yes=_("has one"), no=_("has none"))


def _age(asked: Asked, statement: Statement) -> Sql:
    # Who was born on 29 February is a year older on 1 March, as campaigns count.
    years = Sql(f"date_part('year', age(%s::date, {_BIRTH}))::int", (statement.today,))
    return compare(years, asked.operator, asked.values)


@cache
def _birth_days() -> list[date]:
    """Return every day on which somebody may be born, of a leap year."""
    return [date(2000, 1, 1) + timedelta(days=number) for number in range(366)]


def _born_on(days: Iterable[date]) -> Sql:
    numbers = [day.month * 100 + day.day for day in days]
    return Sql(
        f"(date_part('month', {_BIRTH}) * 100 + date_part('day', {_BIRTH}))::int = ANY(%s)", (numbers,)
    )


_HOLDS: dict[str, Callable[..., bool]] = {
    "eq": lambda days, count: days == count,
    "gt": lambda days, count: days > count,
    "gte": lambda days, count: days >= count,
    "lt": lambda days, count: days < count,
    "lte": lambda days, count: days <= count,
    "between": lambda days, low, high: low <= days <= high,
}


def _days_to_birthday(asked: Asked, statement: Statement) -> Sql:
    """Ask for those whose next birthday is so many days ahead, counted as tills show it."""
    holds, today = _HOLDS[asked.operator], statement.today
    return _born_on(day for day in _birth_days() if holds(days_to_birthday(day, today), *asked.values))


def _birthday(asked: Asked, statement: Statement) -> Sql:
    """Ask for birthdays in a part of the year. Who was born on 29 February is found by the 28th, too, where the year has no 29th."""
    first, last = asked.values[0], asked.values[-1]
    new_year = date(statement.today.year, 1, 1)

    def is_asked(day: date) -> bool:
        kept = new_year + timedelta(days=days_to_birthday(day, new_year))
        return any(_lies(f"{one:%m-%d}", first, last) for one in (day, kept))

    return _born_on(filter(is_asked, _birth_days()))


def _lies(day: str, first: str, last: str) -> bool:
    return first <= day <= last if first <= last else day >= first or day <= last


def _created(asked: Asked, statement: Statement) -> Sql:
    return on_days("c.created_at", asked.operator, asked.values, statement)


def _groupings(asked: Asked, _statement: Statement) -> Sql:
    found = Sql(
        "EXISTS (SELECT FROM customers_customer_groupings m JOIN customers_customergrouping g"
        " ON g.id = m.customergrouping_id WHERE m.customer_id = c.id AND g.code = ANY(%s))",
        (list(asked.values),),
    )
    return Sql(f"NOT {found.text}", found.params) if asked.operator == "not_in" else found


def _home_store(asked: Asked, _statement: Statement) -> Sql:
    found = Sql(
        "c.home_store_id = ANY(ARRAY(SELECT id FROM retail_store WHERE code = ANY(%s)))",
        (list(asked.values),),
    )
    return Sql(f"({found.text}) IS NOT TRUE", found.params) if asked.operator == "not_in" else found


def _consent(channel: str) -> Field:
    """The answer that stands: the last one given for this channel or for all of them."""

    def sql(asked: Asked, _statement: Statement) -> Sql:
        standing = (
            "coalesce((SELECT n.granted FROM customers_consent n WHERE n.customer_id = c.id AND n.purpose = %s"
            " AND n.channel = ANY(%s) ORDER BY n.given_at DESC, n.id DESC LIMIT 1), false)"
        )
        text = standing if asked.operator == "eq" else f"NOT {standing}"
        return Sql(text, (asked.values[0], sorted({channel, ""})))

    labels = {
        "": _("Agreed, on every channel"),
        "email": _("Agreed, by e-mail"),
        "sms": _("Agreed, by SMS"),
        "whatsapp": _("Agreed, by WhatsApp"),
    }
    return Field(
        code=f"consent_{channel}" if channel else "consent",
        label=labels[channel],
        group=CONTACT,
        kind=Choice(
            lambda: Purpose.choices,
            operators={"eq": pgettext_lazy("consent", "to"), "ne": pgettext_lazy("consent", "not to")},
        ),
        sql=sql,
        note=_(
            "The last answer. Marketing that still has to be confirmed (double opt-in) counts as agreed here."
        ),
    )


_MONTHS = [(str(number), name) for number, name in dates.MONTHS.items()]

FIELDS = [
    Field(
        code="sex",
        label=_("Sex"),
        group=PERSON,
        kind=Choice(lambda: Sex.choices),
        sql=column("c.sex", blank=True),
    ),
    Field(code="age", label=_("Age"), group=PERSON, kind=Whole(0, 150), sql=_age),
    Field(
        code="birth_date",
        label=_("Birth date"),
        group=PERSON,
        kind=Day(),
        sql=column(_BIRTH),
    ),
    Field(
        code="birth_year",
        label=_("Year of birth"),
        group=PERSON,
        kind=Whole(1880, 2200),
        sql=column(f"date_part('year', {_BIRTH})::int"),
        note=_("More than and less than leave the year itself out."),
    ),
    Field(
        code="birthday",
        label=_("Birthday"),
        group=PERSON,
        kind=DayOfYear(),
        sql=_birthday,
        note=_(
            "Day and month. From December to January goes over New Year; 29 February is the 28th in other years."
        ),
    ),
    Field(
        code="birthday_days",
        label=_("Days until the birthday"),
        group=PERSON,
        kind=Whole(0, 365),
        sql=_days_to_birthday,
        note=_("0 is today: “is at most 6” means the next seven days."),
    ),
    Field(
        code="birth_month",
        label=_("Month of birth"),
        group=PERSON,
        kind=Choice(lambda: _MONTHS, operators=named("eq", "ne", *SETS), as_read=int),
        sql=column(f"date_part('month', {_BIRTH})::int"),
    ),
    Field(
        code="language",
        label=_("Language"),
        group=PERSON,
        kind=Text(),
        sql=column("c.language", folded="upper", blank=True),
    ),
    Field(
        code="origin",
        label=_("Origin"),
        group=PERSON,
        kind=Text(),
        sql=column("c.origin", folded="searchable", blank=True),
    ),
    Field(
        code="document",
        label=_("CPF or CNPJ"),
        group=PERSON,
        kind=_HAS,
        sql=column("c.document"),
    ),
    Field(
        code="created",
        label=pgettext_lazy("customer", "Recorded"),
        group=PERSON,
        kind=Day(
            operators={name: label for name, label in Day().operators.items() if not name.startswith("is_")}
        ),
        sql=_created,
    ),
    Field(
        code="store",
        label=_("Home store"),
        group=ADDRESS,
        kind=Code(lambda: apps.get_model("retail", "Store"), operators=named(*SETS)),
        sql=_home_store,
    ),
    Field(
        code="country",
        label=_("Country"),
        group=ADDRESS,
        kind=Text(),
        sql=column("c.country", folded="upper", blank=True),
        note=_("Two letters, such as BR."),
    ),
    Field(
        code="state",
        label=_("State (UF)"),
        group=ADDRESS,
        kind=Text(),
        sql=column("c.state", folded="upper", blank=True),
    ),
    Field(
        code="city",
        label=_("City"),
        group=ADDRESS,
        kind=Text(),
        sql=column("c.city", folded="searchable", blank=True),
    ),
    Field(
        code="district",
        label=_("District"),
        group=ADDRESS,
        kind=Text(),
        sql=column("c.district", folded="searchable", blank=True),
    ),
    Field(
        code="postal_code",
        label=_("Postal code"),
        group=ADDRESS,
        kind=Text(),
        sql=column("c.postal_code", folded="postal_key", blank=True),
        note=_("With or without hyphen, however it was recorded."),
    ),
    Field(code="card", label=_("Loyalty card"), group=CONTACT, kind=_HAS, sql=column("c.card")),
    Field(code="phone", label=_("Phone"), group=CONTACT, kind=_HAS, sql=column("c.phone", blank=True)),
    Field(code="email", label=_("E-mail"), group=CONTACT, kind=_HAS, sql=column("c.email", blank=True)),
    *(_consent(channel) for channel in ConsentChannel.values),
    Field(
        code="grouping",
        label=_("Customer grouping"),
        group=LOYALTY,
        kind=Code(lambda: CustomerGrouping, operators=named(*SETS)),
        sql=_groupings,
    ),
    Field(
        code="level",
        label=_("Level"),
        group=LOYALTY,
        is_profile=True,
        kind=Whole(
            0, 32_767, operators=named("eq", "ne", "gt", "gte", "lt", "lte", "between", "is_set", "is_empty")
        ),
        sql=column("c.level"),
    ),
    Field(
        code="loyalty_category",
        label=_("Loyalty category"),
        group=LOYALTY,
        is_profile=True,
        kind=Text(),
        sql=column("c.loyalty_category", folded="searchable", blank=True),
    ),
]
