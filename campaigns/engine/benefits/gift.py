"""`gift`: the operator picks products from a list, free."""

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from campaigns.engine import fields
from campaigns.engine.benefits.base import Benefit
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.work import Effect

if TYPE_CHECKING:
    from campaigns.engine.work import Work


@fields.declared
class GiftProduct:
    """One entry of the list. Products that the catalogue does not know are accepted."""

    sku: str = fields.text(label=gettext_noop("SKU"), help=gettext_noop("The product given."), minimum=1)
    quantity: Decimal = fields.quantity(label=gettext_noop("Quantity"), default=Decimal(1))


@fields.declared
class Gift(Benefit):
    """Gifts stand outside lines and totals. With `repeat`, once for each time that the thresholds are met."""

    kind: ClassVar[str] = "gift"
    label: ClassVar[str] = gettext_noop("Gift")
    doc: ClassVar[str] = gettext_noop("The operator picks so many entries of the list, free.")
    level: ClassVar[str] = "gift"

    products: tuple[GiftProduct, ...] = fields.objects(
        GiftProduct, label=gettext_noop("Products"), help=gettext_noop("What may be chosen."), min_items=1
    )
    choose: int = fields.integer(
        label=gettext_noop("Choose"),
        help=gettext_noop("How many entries the customer gets."),
        default=1,
        maximum=1000,
    )
    repeat: bool = fields.boolean(
        label=gettext_noop("For each attainment"),
        help=gettext_noop("Again for each time that the minimum quantity or value is reached."),
        default=False,
    )

    def apply(self, work: "Work") -> Effect:
        times = self._times(work) if self.repeat else 1
        effect = Effect(self.kind)
        effect.applications = max(times, 1)
        effect.gift_entries = self.choose * times
        if work.units_left is not None:
            effect.gift_entries = min(effect.gift_entries, work.units_left)
        return effect

    def _times(self, work: "Work") -> int:
        campaign = work.campaign
        reached = []
        if campaign.minimum_quantity:
            reached.append(int(work.quantity(work.qualifying) // campaign.minimum_quantity))
        if campaign.minimum_amount:
            amounts = (
                work.left if campaign.threshold_basis == "running" else work.scene.amounts(campaign.exchange)
            )
            reached.append(sum([amounts[p] for p in work.qualifying]) // campaign.minimum_amount)
        return min(reached, default=1)

    def phrase(self) -> Phrase:
        skus = tuple(product.sku for product in self.products)
        if len(skus) == 1:
            return Phrase(gettext_noop("a gift: %(products)s"), {"products": ("text", skus)})
        return Phrase(
            gettext_noop("gifts to choose (%(choose)s): %(products)s"),
            {"choose": ("count", self.choose), "products": ("text", skus)},
        )

    def faults(self) -> list[tuple[str, str, str]]:
        skus = [product.sku for product in self.products]
        if len(set(skus)) != len(skus):
            return [("products", "repeated", gettext_noop("Contains the same product twice."))]
        return []
