"""The form of “try it”: a basket, who buys, and how; declared like the fields of a document."""

from datetime import date, datetime
from decimal import Decimal

from campaigns.engine import fields
from campaigns.engine.fields import declared_fields
from campaigns.engine.marks import gettext_noop
from campaigns.forms.declared import DeclaredForm, Json


@fields.declared
class TrialLine:
    sku: str = fields.text(label=gettext_noop("Product"), minimum=1)
    quantity: Decimal = fields.quantity(label=gettext_noop("Quantity"), default=Decimal(1))
    unit_price: int | None = fields.money(
        label=gettext_noop("Price"), help=gettext_noop("Empty takes it from the catalogue."), default=None
    )


@fields.declared
class TrialCustomer:
    birth_date: date | None = fields.declare("date", label=gettext_noop("Birth date"), default=None)
    sex: str = fields.choice(
        (("f", gettext_noop("Female")), ("m", gettext_noop("Male")), ("o", gettext_noop("Other"))),
        label=gettext_noop("Sex"),
        default=None,
    )
    groupings: tuple[str, ...] = fields.texts(label=gettext_noop("Customer groupings"), default=())
    previous_purchases: int | None = fields.integer(
        label=gettext_noop("Purchases so far"),
        help=gettext_noop("0 makes this the first one."),
        default=None,
        minimum=0,
    )
    consents: tuple[str, ...] = fields.texts(label=gettext_noop("Consents given"), default=("promotions",))


@fields.declared
class Trial:
    lines: tuple[TrialLine, ...] = fields.objects(TrialLine, label=gettext_noop("Basket"), min_items=1)
    methods: tuple[str, ...] = fields.texts(
        label=gettext_noop("Paid with"),
        help=gettext_noop("As the till names them, for example pix."),
        default=(),
    )
    promo_codes: tuple[str, ...] = fields.texts(label=gettext_noop("Promotional codes"), default=())
    customer: TrialCustomer | None = fields.record(
        TrialCustomer,
        label=gettext_noop("A known customer"),
        help=gettext_noop("Otherwise nobody in particular buys."),
        default=None,
    )
    store: str = fields.text(label=gettext_noop("Store"), default="")
    at: datetime | None = fields.instant(
        label=gettext_noop("When"), help=gettext_noop("Empty is now."), default=None
    )
    operation: str = fields.text(label=gettext_noop("Sale category"), default="sale")
    together: bool = fields.boolean(
        label=gettext_noop("Together with the other live campaigns"), default=False
    )


def trial_form(data: object = None, document: Json | None = None) -> DeclaredForm:
    return DeclaredForm(
        declared_fields(Trial),
        data,  # type: ignore[arg-type]
        document=document,
        prefix="trial",
        main=("lines", "methods", "promo_codes", "customer"),
    )
