"""Campaign documents: read from JSON with every fault named, and written back canonically."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from campaigns.engine.benefits.base import Benefit
from campaigns.engine.campaign import CAMPAIGN_FIELDS, Campaign, Group, Node
from campaigns.engine.conditions.base import Condition
from campaigns.engine.decoding import MISSING, Reader, join, report_faults, without_refused
from campaigns.engine.encoding import encode_fields
from campaigns.engine.fields import DocumentError
from campaigns.engine.kinds import BENEFITS, CONDITIONS
from campaigns.engine.marks import gettext_noop

MAX_TREE_DEPTH = 8


def decode_campaign(document: Any, *, path: str = "", revision: Any = None) -> Campaign:
    """Read a campaign document.

    `path` stands before every path of a fault (`campaigns.0`). Raises DocumentError with all of them.
    """
    reader = Reader()
    campaign = read_campaign(reader, document, path)
    if reader.problems or campaign is None:
        raise DocumentError(reader.problems)
    return campaign if revision is None else replace(campaign, revision=revision)


def read_campaign(reader: Reader, document: Any, path: str = "") -> Campaign | None:
    mapping = reader.mapping(document, path)
    if mapping is None:
        return None
    before = len(reader.problems)
    reader.unknown(mapping, {field.name for field in CAMPAIGN_FIELDS}, path)
    values: dict[str, Any] = {}
    for field in CAMPAIGN_FIELDS:
        value = mapping.get(field.name, MISSING)
        here = join(path, field.name)
        if field.type == "tree":
            values[field.name] = read_tree(reader, value, here) if value not in (MISSING, None) else None
        elif field.type == "benefits" and value is not MISSING:
            values[field.name] = read_benefits(reader, value, here)
        else:
            values[field.name] = reader.field(field, value, path)
    readable = len(reader.problems) == before
    campaign = Campaign(**(values if readable else without_refused(CAMPAIGN_FIELDS, values)))
    report_faults(reader, campaign, path)
    return campaign if readable else None


def read_tree(reader: Reader, value: Any, path: str, depth: int = 1) -> Node | None:
    mapping = reader.mapping(value, path)
    if mapping is None:
        return None
    if depth > MAX_TREE_DEPTH:
        reader.refuse(path, "too_deep", gettext_noop("Rules are nested too deeply."))
        return None
    if "kind" in mapping:
        return read_kind(reader, mapping, path, CONDITIONS)
    if len(mapping) != 1 or next(iter(mapping)) not in ("all", "any"):
        reader.refuse(path, "invalid_node", gettext_noop("Must have exactly one of all, any or kind."))
        return None
    operator, children = next(iter(mapping.items()))
    here = join(path, operator)
    if not isinstance(children, list | tuple):
        reader.refuse(here, "invalid_type", gettext_noop("Must be a list."))
        return None
    if not children:
        if operator == "any" or depth > 1:
            reader.refuse(here, "too_few", gettext_noop("Needs at least one rule."))
        return None
    nodes = [
        read_tree(reader, child, join(here, position), depth + 1) for position, child in enumerate(children)
    ]
    return Group(operator, tuple(node for node in nodes if node is not None))


def read_benefits(reader: Reader, value: Any, path: str) -> tuple[Benefit, ...]:
    if not isinstance(value, list | tuple):
        reader.refuse(path, "invalid_type", gettext_noop("Must be a list."))
        return ()
    benefits = []
    for position, item in enumerate(value):
        here = join(path, position)
        mapping = reader.mapping(item, here)
        if mapping is not None:
            benefits.append(read_kind(reader, mapping, here, BENEFITS))
    return tuple(benefit for benefit in benefits if benefit is not None)


def read_kind(reader: Reader, mapping: Mapping[str, Any], path: str, kinds: Mapping[str, Any]) -> Any:
    """Read a condition or a benefit by its `kind`."""
    tag = mapping.get("kind", MISSING)
    if tag is MISSING:
        reader.refuse(join(path, "kind"), "required", gettext_noop("This field is required."))
        return None
    kind = kinds.get(tag) if isinstance(tag, str) else None
    if kind is None:
        known = ", ".join(kinds)
        reader.refuse(
            join(path, "kind"), "unknown_kind", gettext_noop("Must be one of %(choices)s."), choices=known
        )
        return None
    values = reader.fields(kind.fields, mapping, path, extra=frozenset({"kind"}))
    if values is None:
        return None
    built = kind(**values)
    report_faults(reader, built, path)
    return built


def encode_campaign(campaign: Campaign) -> dict[str, Any]:
    """Write the document of a campaign with every default spelled out; equal campaigns give equal documents."""
    plain = tuple(field for field in CAMPAIGN_FIELDS if field.type not in ("tree", "benefits"))
    document = encode_fields(plain, campaign)
    document["conditions"] = None if campaign.conditions is None else encode_node(campaign.conditions)
    document["benefits"] = [encode_kind(benefit) for benefit in campaign.benefits]
    return {field.name: document[field.name] for field in CAMPAIGN_FIELDS}


def encode_node(node: Node) -> dict[str, Any]:
    if isinstance(node, Group):
        return {node.operator: [encode_node(child) for child in node.children]}
    return encode_kind(node)


def encode_kind(built: Condition | Benefit) -> dict[str, Any]:
    return {"kind": built.kind, **encode_fields(built.fields, built)}
