"""`promo_code`: a code that opens this campaign was given."""

from typing import ClassVar

from campaigns.engine import fields
from campaigns.engine.conditions.base import Condition, Term
from campaigns.engine.marks import Phrase, gettext_noop
from campaigns.engine.scene import Scene
from campaigns.engine.verdict import Unit, Verdict

_MISSING = Verdict(satisfied=False, code="promo_code")


@fields.declared
class PromoCode(Condition):
    """Without `pool`, a code of the campaign's own pools counts; with it, a code of that pool."""

    kind: ClassVar[str] = "promo_code"
    label: ClassVar[str] = gettext_noop("Promotional code")
    doc: ClassVar[str] = gettext_noop(
        "A usable code of the campaign's pool, or of the named pool, was entered."
    )
    codes: ClassVar[tuple[str, ...]] = ("promo_code", "promo_code_not_usable")

    pool: str | None = fields.text(
        label=gettext_noop("Code pool"),
        help=gettext_noop("Empty means the pools of this campaign."),
        default=None,
    )

    def check(self, scene: Scene, campaign: str) -> Verdict:
        given = scene.codes_for(campaign, self.pool)
        for code in given:
            if code.usable:
                return Verdict(satisfied=True, code="promo_code", actual=code.code, unit=Unit.TEXT)
        if given:
            return Verdict(
                satisfied=False, code="promo_code_not_usable", actual=given[0].code, unit=Unit.TEXT
            )
        return _MISSING

    def anchor(self, campaign: str) -> frozenset[Term] | None:
        return frozenset([("code_of", campaign) if self.pool is None else ("pool", self.pool)])

    def phrase(self) -> Phrase:
        return Phrase(gettext_noop("with a promotional code"))
