"""What a program or a plan does, in the words of the shop: for detail pages and for summaries while it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.models import AccountKind, PointsProgram, StampPlan, StampReward, StoredValueType, TierBasis
from retail import formats


@dataclass(frozen=True, slots=True)
class Part:
    """One titled part of a summary; an item may have a picture."""

    title: str
    items: list[str]


def points_text(points: Decimal) -> str:
    """Return "1 point", "12.5 points"."""
    return ngettext("%(points)s point", "%(points)s points", 1 if points == 1 else 2) % {
        "points": formats.number(points)
    }


def earning_rule(program: PointsProgram) -> str:
    """Return the rule in one sentence: "1 point for each R$ 10,00"."""
    if not program.points or not program.per_amount:
        return _("Points come from campaigns only")
    return _("%(points)s for each %(amount)s") % {
        "points": points_text(program.points),
        "amount": formats.money(program.per_amount),
    }


def level_text(name: str, number: int, points: Decimal) -> str:
    return _("%(level)s: from %(points)s") % {
        "level": name or _("Level %(number)d") % {"number": number},
        "points": points_text(points),
    }


def basis_text(program: PointsProgram, amount: Decimal) -> str:
    """Return an amount of what a program's tiers are reached by: "R$ 500,00", "3 purchases", "40 points"."""
    if program.tier_basis == TierBasis.SPEND:
        return formats.money(amount)
    if program.tier_basis == TierBasis.POINTS:
        return points_text(amount)
    return ngettext("%(count)s purchase", "%(count)s purchases", 1 if amount == 1 else 2) % {
        "count": formats.number(amount)
    }


def terms_items(terms: Any) -> list[str]:
    """Return when what is earned can be used, and until when."""
    items = []
    if terms.pending_days:
        text = ngettext(
            "Can be used %(count)d day after the purchase",
            "Can be used %(count)d days after the purchase",
            terms.pending_days,
        )
        items.append(text % {"count": terms.pending_days})
    if terms.valid_days:
        text = ngettext(
            "Expires %(count)d day after the purchase, at the end of the day",
            "Expires %(count)d days after the purchase, at the end of the day",
            terms.valid_days,
        )
        items.append(text % {"count": terms.valid_days})
    else:
        items.append(_("Never expires"))
    return items


def program_summary(
    program: PointsProgram,
    levels: Iterable[tuple[str, Decimal, int]],
    tiers: Iterable[tuple[str, Decimal]],
) -> list[Part]:
    """Return what a program does. `levels` are (name, points, how many gifts), `tiers` (name, threshold)."""
    earning = [earning_rule(program)]
    if program.points and not program.earns_on_discounted:
        earning.append(_("Discounted products earn nothing"))
    parts = [Part(_("Earning"), [*earning, *terms_items(program)])]
    gifts = [
        _("%(level)s: %(gifts)s")
        % {
            "level": level_text(name, number, points),
            "gifts": ngettext("%(count)d gift", "%(count)d gifts", count) % {"count": count},
        }
        for number, (name, points, count) in enumerate(levels, 1)
    ]
    if gifts:
        parts.append(Part(_("Gifts, one for each purchase"), gifts))
    if program.point_value:
        text = _("Each point pays %(amount)s of a purchase, in steps of %(step)s")
        step = points_text(program.redeem_step or Decimal(1))
        values = {"amount": formats.money(program.point_value), "step": step}
        parts.append(Part(_("Paying with points"), [text % values]))
    ranks = [
        _("%(tier)s: from %(amount)s") % {"tier": name, "amount": basis_text(program, threshold)}
        for name, threshold in tiers
    ]
    if ranks:
        parts.append(Part(_("Tiers"), [*ranks, program.get_tier_downgrade_display()]))
    return parts


def stamp_rule(plan: StampPlan) -> str:
    """Return the plan in one sentence: "10 orders of Pizzas give 100% off Pizza média"."""
    orders = ngettext("%(count)d order", "%(count)d orders", plan.orders) % {"count": plan.orders}
    if plan.category is not None:
        orders = _("%(orders)s with a product of %(category)s") % {
            "orders": orders,
            "category": plan.category.name,
        }
    return _("%(orders)s: %(reward)s") % {"orders": orders, "reward": reward_text(plan)}


def reward_text(plan: StampPlan) -> str:
    """Return "50% off Pizza média" or "100% off the delivery fee"."""
    percent = formats.percent(plan.reward_percent)
    if plan.reward == StampReward.DELIVERY:
        return _("%(percent)s off the delivery fee") % {"percent": percent}
    product = plan.reward_product.name if plan.reward_product is not None else _("one product")
    return _("%(percent)s off %(product)s") % {"percent": percent, "product": product}


def plan_summary(plan: StampPlan, extras: Iterable[str] = ()) -> list[Part]:
    """Return what a plan does. `extras` are names of products that earn and are no part of the reward."""
    category = plan.category.name if plan.category is not None else _("every product")
    parts = [
        Part(
            _("Stamps"),
            [
                _("One stamp for each order with a product of: %(category)s") % {"category": category},
                *terms_items(plan),
            ],
        ),
        Part(
            _("Reward"),
            [
                ngettext("After %(count)d order", "After %(count)d orders", plan.orders)
                % {"count": plan.orders},
                reward_text(plan),
            ],
        ),
    ]
    names = list(extras)
    if names:
        parts.append(Part(_("Items that earn and are no part of the reward"), names))
    return parts


def stored_value_rules(kind: StoredValueType) -> list[str]:
    """Return what a type of stored values is, a phrase each: what is loaded, how it is spent, until when."""
    items = []
    if kind.fixed_load is not None:
        load = formats.money(kind.fixed_load)
        if kind.fixed_price is None:
            items.append(_("%(load)s each") % {"load": load})
        else:
            items.append(
                _("%(load)s for %(price)s") % {"load": load, "price": formats.money(kind.fixed_price)}
            )
    elif kind.kind in (AccountKind.GIFT_CARD, AccountKind.E_PURSE):
        items.append(_("Any amount"))
    if kind.ceiling is not None:
        items.append(_("holds at most %(amount)s") % {"amount": formats.money(kind.ceiling)})
    items.append(
        {
            AccountKind.GIFT_CARD: _("used whole, once"),
            AccountKind.VOUCHER: _("for one purchase"),
        }.get(AccountKind(kind.kind), _("spent in parts"))
    )
    if kind.is_reloadable:
        items.append(_("can be loaded again"))
    if kind.valid_days:
        days = ngettext("valid for %(count)d day", "valid for %(count)d days", kind.valid_days)
        items.append(days % {"count": kind.valid_days})
    else:
        items.append(_("never expires"))
    return items
