"""Puts the demonstration together, through the same services that everybody else uses."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction

from customers.models import Appointment, Customer
from customers.services.appointments import book_appointment
from customers.services.customers import upsert_customers
from customers.services.groupings import CUSTOMERS
from messaging.services.demo import build_messages
from messaging.services.demo_mailing import send_demo_mailing
from pos_api.demo import catalogue, chain, people, users
from pos_api.demo.campaigns import build_campaigns
from pos_api.demo.loyalty import build_loyalty
from pos_api.demo.published import build_published
from pos_api.demo.sales import build_sales
from pos_api.demo.stored_values import build_stored_values
from pos_api.services.credentials import issue_terminal_key, issue_user_token
from retail.models import Company, Product, Store, Terminal
from retail.rows import RowResult
from retail.services.categories import upsert_categories
from retail.services.groupings import PRODUCTS, STORES, upsert_groupings
from retail.services.products import upsert_products
from retail.services.stores import upsert_stores, upsert_terminals


class NotADemo(Exception):
    """The database holds data of its own, which sample data must not be mixed with."""


class Demo:
    """One run. Everything is recognised by its code, so a second run finds it and leaves it as it is."""

    def __init__(self, *, at: datetime, password: str | None) -> None:
        self.at = at
        self.password = password

    def build(self) -> list[str]:
        """Make what is missing; return the lines to print: the login and the keys that this run made."""
        with transaction.atomic():
            self._refuse_foreign_data()
            self._build_chain()
            self._build_assortment()
            self._build_customers()
            login = self._build_users()
            self._build_agenda()
            pool = build_campaigns(user=self.manager, at=self.at)
            build_published(user=self.manager, at=self.at)
            build_messages(at=self.at, pool=pool)
            build_loyalty(user=self.manager, at=self.at)
            build_stored_values(user=self.manager, at=self.at)
        # Each sale is a transaction of its own, as always.
        build_sales(at=self.at)
        send_demo_mailing(by=self.manager, at=self.at)
        return [*login, *self._issue_keys()]

    @property
    def manager(self) -> User:
        return User.objects.get(username="gerente")

    def _refuse_foreign_data(self) -> None:
        ours = {row["code"] for row in chain.store_rows()}
        if Store.objects.exclude(code__in=ours).exists() or (
            not Store.objects.exists() and (Customer.objects.exists() or Product.objects.exists())
        ):
            raise NotADemo(
                "This database has stores or products of its own; sample data would mix with them."
            )

    def _build_chain(self) -> None:
        Company.objects.filter(name="Fiel").update(
            name=chain.COMPANY, required_customer_fields=chain.REQUIRED_CUSTOMER_FIELDS
        )
        if Store.objects.exists():
            return
        _expect(upsert_stores(rows=chain.store_rows()))
        _expect(upsert_terminals(rows=chain.terminal_rows()))
        _expect(upsert_groupings(kind=STORES, rows=chain.store_grouping_rows()))

    def _build_assortment(self) -> None:
        if Product.objects.exists():
            return
        _expect(upsert_categories(rows=catalogue.category_rows()))
        _expect(upsert_products(rows=catalogue.product_rows()))
        _expect(upsert_groupings(kind=PRODUCTS, rows=chain.product_grouping_rows()))

    def _build_customers(self) -> None:
        if Customer.objects.exists():
            return
        _expect(upsert_groupings(kind=CUSTOMERS, rows=chain.customer_grouping_rows()))
        today = self.at.astimezone(ZoneInfo("America/Sao_Paulo")).date()
        _expect(upsert_customers(rows=people.customer_rows(today), at=self.at, source="import"))

    def _build_agenda(self) -> None:
        if Appointment.objects.exists():
            return
        store = Store.objects.get(code=chain.SHOWN_TERMINAL[0])
        today = self.at.astimezone(store.zone).date()
        customers = Customer.objects.order_by("pk")[: len(people.APPOINTMENTS)]
        for customer, (days, clock, seller, purpose) in zip(customers, people.APPOINTMENTS, strict=True):
            starts_at = datetime.combine(
                today + timedelta(days=days), time.fromisoformat(clock), tzinfo=store.zone
            )
            values = {"starts_at": starts_at.isoformat(), "seller": seller, "purpose": purpose}
            book_appointment(customer=customer, store=store, values=values, at=self.at, user=self.manager)

    def _build_users(self) -> list[str]:
        users.create_roles()
        password = self.password
        if password is None and not User.objects.filter(username="gerente").exists():
            password = users.invent_password()
        users.create_users(password)
        if password is None:
            return ["Login              gerente, with the password of the first run (a new one: --password)"]
        return [f"Login              gerente / {password}   (also: admin, marketing, atendimento)"]

    def _issue_keys(self) -> list[str]:
        """Make a token and a key once: nobody can show an old one again."""
        manager = self.manager
        store, code = chain.SHOWN_TERMINAL
        terminal = Terminal.objects.get(store__code=store, code=code)
        lines = []
        if not manager.api_tokens.exists():
            _token, credential = issue_user_token(user=manager, at=self.at, name="Demonstração")
            lines.append(f"API token          {credential}")
        if not terminal.keys.exists():
            _key, credential = issue_terminal_key(
                terminal=terminal, at=self.at, created_by=manager, name="Demonstração"
            )
            lines.append(f"Terminal key       {credential}   ({terminal.store.name}, {terminal.name})")
        return lines or [
            "API token, key     made by an earlier run (new ones: create_token, create_terminal_key)"
        ]


def _expect(results: list[RowResult]) -> None:
    """Fail on the first row that was refused: sample data are never wrong."""
    for result in results:
        if result.errors:
            raise AssertionError(f"sample row {result.index}: {result.errors}")
