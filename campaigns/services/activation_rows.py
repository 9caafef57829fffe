"""The rows of what activated in a sale: one statement, however many campaigns and lines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from campaigns.engine import evaluation as engine
from retail import money

# Two parameters, whatever the numbers: models and their placeholders were a third of what recording a sale cost in Python.
_INSERT = """
WITH recorded AS (
    INSERT INTO campaigns_activation (sale_id, campaign_id, revision_id, vip_card_id, promo_code_id, discount, applications,
                                      gifts, deal, consumption, activated_at)
    SELECT %(sale)s, v.campaign_id, v.id, r.vip_card, r.promo_code, r.discount, r.applications, r.gifts, r.deal,
           r.consumption, %(at)s
      FROM json_to_recordset(%(activations)s) AS r(place integer, revision bigint, vip_card bigint, promo_code bigint,
                                                   discount numeric, applications integer, gifts jsonb, deal jsonb,
                                                   consumption jsonb)
      LEFT JOIN campaigns_campaignrevision v ON v.id = r.revision
     ORDER BY r.place
    RETURNING id, revision_id),
adjusted AS (
    INSERT INTO campaigns_lineadjustment (activation_id, sale_line_id, benefit, position, amount)
    SELECT recorded.id, r.sale_line, r.benefit, r."position", r.amount
      FROM json_to_recordset(%(adjustments)s) AS r(revision bigint, sale_line bigint, benefit text, "position" smallint,
                                                   amount numeric)
      JOIN recorded ON coalesce(recorded.revision_id, 0) = coalesce(r.revision, 0))
SELECT revision_id, id FROM recorded
"""


def insert_activations(
    *,
    sale_id: int,
    evaluation: engine.Evaluation,
    consumption: Sequence[Sequence[Mapping[str, Any]]],
    promo_codes: Sequence[int | None],
    vip_cards: Mapping[str, int],
    line_ids: Mapping[int, int],
    at: datetime,
) -> dict[str, int]:
    """Record what activated with what it took off each line; return the activations' keys by campaign.

    ``consumption`` and ``promo_codes`` say for each activation what it used up, ``line_ids`` maps line numbers to keys.
    ``vip_cards`` are the keys of cards by their code: the one activation without a revision is that of such a card.
    """
    granted = evaluation.activations
    chosen = {offer.campaign: _chosen(offer) for offer in evaluation.gifts}
    rows = [
        {
            "place": place,
            "revision": activation.revision,
            "vip_card": vip_cards.get(activation.campaign),
            "promo_code": promo_code,
            "discount": money.text(activation.discount),
            "applications": activation.applications,
            "gifts": chosen.get(activation.campaign, []),
            "deal": [
                {"line": part.line, "quantity": str(part.quantity), "amount": money.text(part.amount)}
                for part in activation.deal
            ],
            "consumption": used,
        }
        for place, (activation, used, promo_code) in enumerate(
            zip(granted, consumption, promo_codes, strict=True)
        )
    ]
    revisions = {activation.campaign: activation.revision for activation in granted}
    adjustments = _adjustments(evaluation.lines, revisions, line_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "sale": sale_id,
                "at": at,
                "activations": msgspec.json.encode(rows).decode(),
                "adjustments": msgspec.json.encode(adjustments).decode(),
            },
        )
        keys = dict(cursor.fetchall())
    return {campaign: keys[revision] for campaign, revision in revisions.items()}


def _adjustments(
    lines: Iterable[engine.LineResult], revisions: Mapping[str, int | None], line_ids: Mapping[int, int]
) -> list[dict[str, Any]]:
    rows = []
    for line in lines:
        places: dict[str, int] = {}
        for adjustment in line.adjustments:
            position = places.get(adjustment.campaign, 0)
            places[adjustment.campaign] = position + 1
            rows.append(
                {
                    "revision": revisions[adjustment.campaign],
                    "sale_line": line_ids[line.line],
                    "benefit": adjustment.benefit,
                    "position": position,
                    "amount": money.text(adjustment.amount),
                }
            )
    return rows


def _chosen(offer: engine.GiftOffer) -> list[dict[str, str]]:
    return [
        {"sku": option.sku, "name": option.name, "quantity": str(option.quantity)} for option in offer.chosen
    ]
