"""What returns do to the value of an account: its program or plan says it, the company for cashback."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.models import STORED_KINDS, Account, AccountKind
from loyalty.rules import end_after
from retail import money
from retail.models import Clawback, Company, ExpiredRestore


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPolicy:
    """`point_value` is in cents for one unit; None when the unit pays for nothing."""

    clawback: str
    expired_restore: str
    grace_days: int
    point_value: int | None
    zone: ZoneInfo

    def grace_until(self, *, at: datetime) -> datetime | None:
        """Return until when expired value that comes back at that moment can be used. None: it stays expired."""
        if self.expired_restore != ExpiredRestore.GRACE or not self.grace_days:
            return None
        return end_after(at, self.grace_days, self.zone)

    def money_for(self, hundredths: int) -> int | None:
        """Return the cents that an amount is worth, rounded down; None when only goods are had for it."""
        if self.point_value is None:
            return None
        return money.divide(hundredths * self.point_value, 100, money.Rounding.DOWN)


def return_policies(accounts: Iterable[Account]) -> dict[int, ReturnPolicy]:
    """Return the policy by account id. One query; the accounts' programs, plans and stored values are loaded already."""
    company = Company.objects.get()
    return {account.pk: _policy(account, company) for account in accounts}


def _policy(account: Account, company: Company) -> ReturnPolicy:
    zone = ZoneInfo(company.time_zone)
    terms = account.program or account.plan
    if account.kind in STORED_KINDS:
        type_ = account.stored_value.type
        return ReturnPolicy(
            clawback=type_.clawback,
            expired_restore=type_.expired_restore,
            grace_days=type_.grace_days,
            # A voucher in percent is worth nothing by itself.
            point_value=None if account.kind == AccountKind.RATE_VOUCHER else 100,
            zone=zone,
        )
    if terms is None:
        return ReturnPolicy(
            clawback=company.cashback_clawback,
            expired_restore=company.cashback_expired_restore,
            grace_days=company.cashback_grace_days,
            point_value=100,
            zone=zone,
        )
    value = account.program.point_value if account.program else None
    policy = ReturnPolicy(
        clawback=terms.clawback,
        expired_restore=terms.expired_restore,
        grace_days=terms.grace_days,
        point_value=None if value is None else money.from_decimal(value),
        zone=zone,
    )
    if policy.point_value is None and policy.clawback == Clawback.CHARGE_BACK:
        # Nothing can be withheld for what has no price, so it is owed in kind.
        return replace(policy, clawback=Clawback.DEBT)
    return policy
