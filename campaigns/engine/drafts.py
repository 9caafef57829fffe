"""Documents that need not be saved: what a simulation or a back-test asks about, in the words of the POS API."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from campaigns.engine import simulation_document as documents
from campaigns.engine.associations import Association, read_association
from campaigns.engine.basket import PromoCode
from campaigns.engine.campaign import Campaign
from campaigns.engine.decoding import Reader, join
from campaigns.engine.document import read_campaign
from campaigns.engine.fields import DocumentError, Problem
from campaigns.engine.markdowns import Markdown, read_markdown
from campaigns.engine.marks import gettext_noop
from campaigns.engine.plan import Plan
from campaigns.engine.policy import DEFAULT_POLICY, CalculationPolicy, PolicyError, build_policy

DRAFT_FIELDS = ("campaigns", "associations", "markdowns", "promo_codes", "live", "policy")


class Drafts(Struct, frozen=True, kw_only=True):
    """Documents as they were read.

    `live`: together with what is published. `only` narrows the campaigns to some of those given and live. A `policy` of
    None is the company's own.
    """

    campaigns: tuple[Campaign, ...] = ()
    associations: tuple[Association, ...] = ()
    markdowns: tuple[Markdown, ...] = ()
    promo_codes: Mapping[str, PromoCode] = {}
    live: bool = False
    only: tuple[str, ...] | None = None
    policy: CalculationPolicy | None = None

    def plan(self, live: Plan | None = None) -> Plan:
        """Compile what the document gives, together with what is live and it does not replace; `only` narrows it.

        Raises DocumentError when `only` names a campaign that is neither given nor live.
        """
        if live is None:
            live = Plan(policy=self.policy or DEFAULT_POLICY)
        plan = live.with_changes(
            self.campaigns,
            version=live.version,
            policy=self.policy,
            associations=self.associations,
            markdowns=self.markdowns,
        )
        if self.only is None:
            return plan
        if unknown := [position for position, code in enumerate(self.only) if code not in plan.campaigns]:
            message = gettext_noop("No campaign of this simulation has this code.")
            raise DocumentError([Problem(f"only.{position}", "unknown", message) for position in unknown])
        return plan.with_changes(removed=plan.campaigns.keys() - set(self.only), version=live.version)

    @property
    def listed(self) -> list[str]:
        """The campaigns that the answer lists whatever becomes of them."""
        return [campaign.code for campaign in self.campaigns] if self.only is None else list(self.only)


def read_drafts(reader: Reader, mapping: Mapping[str, Any]) -> Drafts:
    """Read the fields of DRAFT_FIELDS, and `only`; the reader collects every fault."""
    return Drafts(
        campaigns=tuple(_campaigns(reader, mapping.get("campaigns", []))),
        associations=tuple(_each(reader, mapping, "associations", read_association)),
        markdowns=tuple(_each(reader, mapping, "markdowns", read_markdown)),
        policy=_policy(reader, mapping.get("policy")),
        live=_live(reader, mapping.get("live", False)),
        only=_only(reader, mapping.get("only")),
        promo_codes=_promo_codes(reader, mapping.get("promo_codes", [])),
    )


def _campaigns(reader: Reader, value: Any) -> list[Campaign]:
    if not isinstance(value, list | tuple):
        reader.refuse("campaigns", "invalid_type", gettext_noop("Must be a list."))
        return []
    campaigns: list[Campaign] = []
    seen: set[str] = set()
    for position, item in enumerate(value):
        campaign = _campaign(reader, item, f"campaigns.{position}")
        if campaign is None:
            continue
        if campaign.code in seen:
            path = f"campaigns.{position}.code"
            reader.refuse(path, "repeated", gettext_noop("Another campaign has this code."))
        seen.add(campaign.code)
        campaigns.append(campaign)
    return campaigns


# Whoever simulates sends the same campaigns with one basket after the other.
_read: dict[str, Campaign] = {}
MOST_READ = 512


def _campaign(reader: Reader, item: Any, path: str) -> Campaign | None:
    key = repr(item)
    known = _read.get(key)
    if known is None:
        before = len(reader.problems)
        known = read_campaign(reader, item, path)
        if known is not None and len(reader.problems) == before:
            if len(_read) >= MOST_READ:
                _read.clear()
            _read[key] = known
    return known


def _each(reader: Reader, mapping: Mapping[str, Any], name: str, read: Any) -> list[Any]:
    value = mapping.get(name) or []
    if not isinstance(value, list | tuple):
        reader.refuse(name, "invalid_type", gettext_noop("Must be a list."))
        return []
    found = [read(reader, item, f"{name}.{position}") for position, item in enumerate(value)]
    return [item for item in found if item is not None]


def _policy(reader: Reader, value: Any) -> CalculationPolicy | None:
    answers = None if value is None else reader.mapping(value, "policy")
    if answers is None:
        return None
    try:
        preset = answers.get("preset", "fiel")
        return build_policy(preset, **{name: answer for name, answer in answers.items() if name != "preset"})
    except PolicyError as error:
        reader.refuse(join("policy", error.field), "invalid_choice", error.message, **error.params)
        return None


def _live(reader: Reader, value: Any) -> bool:
    if not isinstance(value, bool):
        reader.refuse("live", "invalid_type", gettext_noop("Must be true or false."))
        return False
    return value


def _only(reader: Reader, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(code, str) for code in value):
        reader.refuse("only", "invalid_type", gettext_noop("Must be a list of codes."))
        return None
    if not value:
        reader.refuse("only", "too_few", gettext_noop("Needs at least one value."))
    return tuple(dict.fromkeys(value))


def _promo_codes(reader: Reader, value: Any) -> dict[str, PromoCode]:
    found = {}
    for known in documents.read_objects(reader, documents.PromoCodeDocument, value, "promo_codes"):
        code = documents.normalise_code(known.code)
        campaign = known.campaign if known.percent is None else code
        found[code] = PromoCode(
            code=code, campaign=campaign, pool=known.pool, usable=known.usable, percent=known.percent
        )
    return found
