"""zen-engine: one decision table, a row a campaign; every row that matches gives its percent.

Runs in the peers' own environment. The table only says which campaigns apply and what percent they give; the discount is
worked out here, and its time is counted, which favours zen-engine: it keeps no reasons, limits or allocations.
"""

import importlib.metadata
import json

import zen
from measured import Discounts, Scene, serve


def decision_table(scene: Scene) -> str:
    rows = [
        {
            "_id": campaign["code"],
            "skus": f'some($, # == "{campaign["sku"]}")',
            "sku": f'"{campaign["sku"]}"',
            "percent": campaign["percent"],
        }
        for campaign in scene["campaigns"]
    ]
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": "skus", "name": "SKUs", "field": "skus"}],
        "outputs": [
            {"id": "sku", "name": "SKU", "field": "sku"},
            {"id": "percent", "name": "Percent", "field": "percent"},
        ],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {
            "id": "table",
            "name": "table",
            "type": "decisionTableNode",
            "content": content,
            "position": {"x": 1, "y": 0},
        },
        {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    return json.dumps({"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges})


def prepare(scene: Scene):
    decision = zen.ZenEngine().create_decision(decision_table(scene))
    lines = scene["lines"]

    def call() -> Discounts:
        found = decision.evaluate({"skus": [line["sku"] for line in lines]})["result"]
        percents = {row["sku"]: row["percent"] for row in found}
        return {
            line["sku"]: line["cents"] * line["quantity"] * percents[line["sku"]] // 100
            for line in lines
            if line["sku"] in percents
        }

    return call


if __name__ == "__main__":
    serve(importlib.metadata.version("zen-engine"), prepare)
