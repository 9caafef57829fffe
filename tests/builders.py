"""Objects for tests, each whole and believable by default; a test names only what it is about.

A builder saves what it makes. Codes and documents are taken from counters, so two objects never collide.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import AbstractUser, Permission, User
from django.db import transaction
from django.utils import timezone

from campaigns.models import (
    Association,
    Backtest,
    Campaign,
    CampaignCategory,
    Job,
    Markdown,
    PromoCodeImport,
    PromoCodePool,
)
from campaigns.services.associations import create_association
from campaigns.services.backtests import request_backtest
from campaigns.services.campaigns import create_campaign
from campaigns.services.jobs import run_job
from campaigns.services.markdowns import create_markdown
from campaigns.services.promo_code_imports import receive_file
from campaigns.services.promo_code_jobs import request_generation
from campaigns.services.promo_code_pools import PoolSettings, create_pool
from campaigns.services.promo_codes import Terms, generate_codes
from campaigns.services.segment_exports import request_export
from customers.documents import _CPF_WEIGHTS, _check_digit
from customers.models import Appointment, Consent, Customer, CustomerGrouping, Segment, SegmentExport
from customers.services.metrics import recount
from customers.services.segments import create_segment
from loyalty.models import (
    Account,
    AccountKind,
    AdjustmentRequest,
    CustomerMerge,
    IssuingRule,
    IssuingRun,
    PointsProgram,
    Receivable,
    StampPlan,
    StoredValue,
    StoredValueType,
    VipCard,
)
from loyalty.selectors.stored_values import usual_type
from loyalty.services.issuing_rules import save_rule
from loyalty.services.issuing_runs import preview, save_run
from loyalty.services.ledger import Credit, Credited, credit
from loyalty.services.stored_values import Made, Making, make
from pos_api.models import SaleException
from pos_api.services.customer_merges import merge_customers
from retail.models import (
    Category,
    PriceChange,
    PriceChangeLine,
    Product,
    ProductGrouping,
    Sale,
    SaleLine,
    Store,
    StoreGrouping,
    Terminal,
)
from retail.money import to_decimal

NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # noon in São Paulo, a Friday
_numbers = count(1)


def build_cpf(number: int | None = None) -> str:
    """Return a valid CPF made of a number."""
    body = f"{number if number is not None else next(_numbers) + 100_000_000:09d}"
    first = _check_digit(body, _CPF_WEIGHTS[1:])
    return body + first + _check_digit(body + first, _CPF_WEIGHTS)


def build_store(**values: Any) -> Store:
    number = next(_numbers)
    return Store.objects.create(
        **{"code": f"L{number:04d}", "name": f"Loja {number}", "city": "São Paulo"} | values
    )


def build_terminal(**values: Any) -> Terminal:
    values.setdefault("store", None)
    values["store"] = values["store"] or build_store()
    return Terminal.objects.create(**{"code": f"T{next(_numbers)}", "name": "Caixa"} | values)


def build_category(**values: Any) -> Category:
    code = values.pop("code", None) or f"C{next(_numbers)}"
    parent = values.get("parent")
    path = [*(parent.path if parent else []), code]
    return Category.objects.create(**{"code": code, "name": f"Categoria {code}", "path": path} | values)


def build_product(**values: Any) -> Product:
    number = next(_numbers)
    defaults = {
        "sku": f"SKU-{number}",
        "code": f"P{number}",
        "name": f"Camiseta {number}",
        "price": Decimal("50.00"),
    }
    return Product.objects.create(**defaults | {"ncm": "61091000"} | values)


def build_appointment(**values: Any) -> Appointment:
    if "customer" not in values:
        values["customer"] = build_customer()
    if "store" not in values:
        values["store"] = build_store()
    return Appointment.objects.create(**{"starts_at": NOON, "booked_at": NOON} | values)


def build_price_change(*, product: Product, **values: Any) -> PriceChange:
    """A history of one changed price."""
    change = PriceChange.objects.create(**{"products": 1, "changed_at": NOON} | values)
    PriceChangeLine.objects.create(
        change=change, sku=product.sku, field="price", old=product.price, new=product.price + 1
    )
    return change


def build_product_grouping(*, products: Sequence[Product] = (), **values: Any) -> ProductGrouping:
    grouping = ProductGrouping.objects.create(
        **{"code": f"g{next(_numbers)}", "name": "Produtos Inverno"} | values
    )
    grouping.products.set(products)
    return grouping


def build_store_grouping(*, stores: Sequence[Store] = (), **values: Any) -> StoreGrouping:
    grouping = StoreGrouping.objects.create(**{"code": f"g{next(_numbers)}", "name": "Sul"} | values)
    grouping.stores.set(stores)
    return grouping


def build_customer(**values: Any) -> Customer:
    defaults = {"name": "Ana Souza", "document": build_cpf(), "birth_date": date(1990, 5, 17)}
    return Customer.objects.create(**defaults | values)


def build_customer_merge(*, kept: Customer | None = None, absorbed: Customer | None = None) -> CustomerMerge:
    """Merge a record without document, which has cashback and a sale, into another, unless told otherwise."""
    if absorbed is None:
        absorbed = build_customer(document=None)
        build_credit(build_account(customer=absorbed))
        build_sale(customer=absorbed)
    outcome = merge_customers(
        kept_id=(kept or build_customer()).pk,
        absorbed_id=absorbed.pk,
        reason="Same person",
        actor=build_user(),
        at=timezone.now(),
    )
    return outcome.merge


def build_customer_grouping(*, customers: Sequence[Customer] = (), **values: Any) -> CustomerGrouping:
    grouping = CustomerGrouping.objects.create(
        **{"code": f"g{next(_numbers)}", "name": "Clientes VIP"} | values
    )
    grouping.customers.set(customers)
    return grouping


def build_segment(**values: Any) -> Segment:
    """Who lives in Santos, unless told otherwise."""
    number = next(_numbers)
    tree = {"all": [{"field": "city", "operator": "eq", "value": "Santos"}]}
    return create_segment(**{"name": f"Segmento {number}", "tree": tree, "user": None, "at": NOON} | values)


def build_segment_export(*, segment: Segment | None = None) -> SegmentExport:
    """Have the customers of a segment written to a file."""
    export, job = request_export(
        segment=segment or build_segment(), format="csv", user=build_user(), at=timezone.now()
    )
    run_job(job_id=job.pk, clock=timezone.now)
    export.refresh_from_db()
    return export


def build_consent(**values: Any) -> Consent:
    defaults = {"purpose": "promotions", "granted": True, "source": "till", "given_at": NOON}
    values["customer"] = values.get("customer") or build_customer()
    return Consent.objects.create(**defaults | values)


def build_sale_exception(*, sale: Sale | None = None, **values: Any) -> SaleException:
    """Something that an offline sale gave for 10.00 and that was not there any more."""
    defaults = {"position": 1, "kind": "limit_reached", "subject": "DEZ", "cost": 10, "created_at": NOON}
    return SaleException.objects.create(sale=sale or build_sale(), **defaults | values)


def build_sale(*, lines: Sequence[dict[str, Any]] = (), **values: Any) -> Sale:
    """Record a sale without campaigns; each line needs no more than what the test is about."""
    terminal = values.pop("terminal", None) or build_terminal(store=values.pop("store", None))
    whole = [
        {"sku": "SKU-1", "quantity": Decimal(1), "unit_price": Decimal("50.00")} | line
        for line in lines or [{}]
    ]
    gross = [line["quantity"] * line["unit_price"] for line in whole]
    defaults = {
        "uuid": uuid4(),
        "ticket": f"{next(_numbers)}",
        "business_date": date(2026, 11, 20),
        "occurred_at": NOON,
        "received_at": NOON,
        "gross": sum(gross),
        "net": sum(gross),
        "charged": sum(gross),
        "plan_version": 1,
        "fingerprint": "0" * 64,
    }
    sale = Sale.objects.create(store=terminal.store, terminal=terminal, **defaults | values)
    SaleLine.objects.bulk_create(
        SaleLine(**{"sale": sale, "line": place, "gross": total, "net": total} | line)
        for place, (line, total) in enumerate(zip(whole, gross, strict=True), start=1)
    )
    if sale.customer_id is not None:
        recount([sale.customer_id], at=NOON)
    return sale


def build_user(*, permissions: Sequence[str] = (), **values: Any) -> AbstractUser:
    """Make a user with permissions named as ``app.codename``."""
    user = User.objects.create_user(
        **{"username": f"user{next(_numbers)}", "password": "uma senha longa"} | values
    )
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def build_campaign(*, publish: bool = False, at: datetime = NOON, **document: Any) -> Campaign:
    """Make a campaign: 10% off every product, unless the document says otherwise."""
    number = next(_numbers)
    benefits = [{"kind": "item_percent", "percent": "10.00"}]
    whole = {"code": f"CAMPANHA-{number}", "name": f"Campanha {number}", "benefits": benefits} | document
    return create_campaign(document=whole, publish=publish, user=None, at=at)


def build_association(*, publish: bool = False, at: datetime = NOON, **document: Any) -> Association:
    """Make an association of two new campaigns, the better of which is granted, unless the document says otherwise."""
    number = next(_numbers)
    campaigns = document.pop("campaigns", None) or [build_campaign().code, build_campaign().code]
    whole = {"code": f"ASSOCIACAO-{number}", "criterion": "highest", "campaigns": campaigns} | document
    return create_association(document=whole, publish=publish, user=None, at=at)


def build_markdown(*, publish: bool = False, at: datetime = NOON, **document: Any) -> Markdown:
    """Make a markdown of one product at 9.90, unless the document says otherwise."""
    number = next(_numbers)
    items = [{"value": f"SKU-{number}", "price": "9.90"}]
    whole = {"code": f"REMARCACAO-{number}", "name": f"Remarcação {number}", "items": items} | document
    return create_markdown(document=whole, publish=publish, user=None, at=at)


def build_campaign_category(**values: Any) -> CampaignCategory:
    number = next(_numbers)
    return CampaignCategory.objects.create(**{"code": f"cc{number}", "name": f"Categoria {number}"} | values)


def build_promo_code_pool(
    *, campaign: Campaign | None = None, codes: int = 0, at: datetime = NOON, **settings: Any
) -> PromoCodePool:
    number = next(_numbers)
    settings = {"name": f"Códigos {number}", "campaign": campaign.code if campaign else None} | settings
    pool = create_pool(code=f"pool{number}", settings=PoolSettings(**settings), user=None, at=at)
    if codes:
        generate_codes(pool=pool, count=codes, terms=Terms(), at=at)
        pool.refresh_from_db()
    return pool


def build_job(*, pool: PromoCodePool, count: int = 10, at: datetime = NOON) -> Job:
    """Ask for the generation of codes; nothing runs it yet."""
    return request_generation(pool=pool, count=count, terms=Terms(), user=None, at=at)


def build_backtest(*, campaign: Campaign, at: datetime = NOON) -> Backtest:
    """Back-test a campaign's working copy over the month before, and finish it."""
    question = {
        "from": (at - timedelta(days=30)).date().isoformat(),
        "until": at.date().isoformat(),
        "saved": [campaign.code],
        "live": True,
        "ignore_dates": True,
    }
    backtest = request_backtest(document=question, user=None, at=at, campaign=campaign.code)
    run_job(job_id=backtest.job.pk, clock=lambda: at)
    backtest.refresh_from_db()
    return backtest


def build_promo_code_import(
    *, pool: PromoCodePool, text: str = "AMIGO\nbad code\n", at: datetime = NOON
) -> PromoCodeImport:
    """Receive a file of codes and check it; nothing is added yet."""
    source, job = receive_file(
        pool=pool, name="codes.csv", file=BytesIO(text.encode()), terms=Terms(), user=None, at=at
    )
    assert job is not None
    run_job(job_id=job.pk, clock=lambda: at)
    source.refresh_from_db()
    return source


def build_program(**values: Any) -> PointsProgram:
    number = next(_numbers)
    return PointsProgram.objects.create(**{"code": f"p{number}", "name": f"Pontos {number}"} | values)


def build_stamp_plan(**values: Any) -> StampPlan:
    """Ten orders give one tenth off the delivery fee."""
    number = next(_numbers)
    defaults = {
        "code": f"s{number}",
        "name": f"Selos {number}",
        "orders": 10,
        "reward": "delivery",
        "reward_percent": Decimal("10"),
    }
    return StampPlan.objects.create(**defaults | values)


def build_vip_card(**values: Any) -> VipCard:
    """Ten percent for a customer, for many years from NOON on."""
    if "customer" not in values:
        values["customer"] = build_customer()
    defaults = {
        "code": f"#VIP#{next(_numbers)}",
        "percent": Decimal("10"),
        "expires_at": datetime(2036, 1, 1, tzinfo=UTC),
        "created_at": NOON,
        "updated_at": NOON,
    }
    return VipCard.objects.create(**defaults | values)


def build_account(**values: Any) -> Account:
    """An account of cashback, or of a `program` or `plan`."""
    if "customer" not in values:
        values["customer"] = build_customer()
    kind = "points" if "program" in values else "stamps" if "plan" in values else "cashback"
    return Account.objects.create(**{"kind": kind, "created_at": NOON} | values)


def build_credit(account: Account, amount: int = 30_00, **values: Any) -> Credited:
    """A lot that can be used from NOON on and never expires, unless said otherwise. Hundredths."""
    posting = {"occurred_at": NOON, "at": NOON}
    defaults = {"cause": f"adjustment:{next(_numbers)}", "available_from": NOON}
    with transaction.atomic():
        account.refresh_from_db()
        [credited] = credit([Credit(account=account, amount=amount, **defaults | values)], **posting)
    return credited


def build_stored_value(
    kind: AccountKind = AccountKind.GIFT_CARD, *, at: datetime = NOON, **values: Any
) -> Made:
    """Make a stored value, a gift card of 50.00 unless told otherwise; its code comes with it."""
    number = next(_numbers)
    customer = values.pop("customer", None)
    making = {
        "type": values.pop("type", None) or usual_type(kind),
        "origin": "test",
        "operation": str(number),
        "amount": 50_00,
        "customer_id": None if customer is None else customer.pk,
    }
    return make([Making(**making | values)], at=at)[0]


def build_debt(account: Account, amount: int = 5_00, **values: Any) -> Receivable:
    """What a customer owes an account, in hundredths."""
    left = to_decimal(amount)
    defaults = {"cause": f"return:{next(_numbers)}", "created_at": NOON, "amount": left, "left": left}
    return Receivable.objects.create(**{"account": account} | defaults | values)


def build_issuing_run(*, at: datetime = NOON, previewed: bool = True, **values: Any) -> IssuingRun:
    """A run that gives every customer a voucher of 10.00, with its preview."""
    defaults = {
        "name": "Natal",
        "type": usual_type(AccountKind.VOUCHER),
        "tiers": [{"from": "0.00", "amount": "10.00"}],
    }
    with transaction.atomic():
        run = save_run(run=None, values=defaults | values, user=None, at=at)
        return preview(run, at=at) if previewed else run


def build_issuing_rule(*, at: datetime = NOON, **values: Any) -> IssuingRule:
    """A rule that gives a voucher of 5.00 for every sale of 50.00 or more."""
    defaults = {
        "code": f"regra-{next(_numbers)}",
        "name": "Vale da venda",
        "type": usual_type(AccountKind.VOUCHER),
        "tiers": [{"from": "50.00", "amount": "5.00"}],
    }
    return save_rule(rule=None, values=defaults | values, user=None, at=at)


def build_stored_value_type(**values: Any) -> StoredValueType:
    """A gift card of any amount that never expires."""
    number = next(_numbers)
    return StoredValueType.objects.create(
        **{"code": f"v{number}", "name": f"Vale-presente {number}", "kind": "gift_card"} | values
    )


def build_card(amount: int = 50_00, *, at: datetime = NOON, **values: Any) -> StoredValue:
    """A stored value of so many cents of a type of its own, a gift card unless told otherwise."""
    kind = values.pop("type", None) or build_stored_value_type()
    return build_stored_value(type=kind, amount=amount, at=at, **values).stored


def build_adjustment_request(account: Account, amount: int = 500_00, **values: Any) -> AdjustmentRequest:
    """A request to add so many cents, which waits for a second person."""
    defaults = {
        "kind": "adjust",
        "amount": to_decimal(amount),
        "reason": "Acerto",
        "operation": str(next(_numbers)),
        "requested_at": NOON,
    }
    asked_by = values.pop("requested_by", None) or build_user()
    return AdjustmentRequest.objects.create(account=account, requested_by=asked_by, **defaults | values)
