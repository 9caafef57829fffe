"""How the API writes what a manager should look at twice, in campaigns, associations and markdowns."""

from campaigns.cautions import Caution
from pos_api.openapi import Json

WARNINGS: Json = {
    "type": "array",
    "description": "What to look at twice. Nothing is refused because of it.",
    "items": {
        "type": "object",
        "properties": {
            "code": {
                "enum": [
                    "no_end",
                    "ended",
                    "no_limit",
                    "free",
                    "no_benefit",
                    "no_rules",
                    "typed_data",
                    "large_discount",
                    "silences",
                    "shares_products",
                    "unknown_gift",
                    "unknown_products",
                    "unknown_program",
                    "unknown_stores",
                    "no_products",
                    "does_not_compete",
                    "unreached",
                    "never_activates",
                ]
            },
            "message": {"type": "string", "description": "By Accept-Language."},
            "campaign": {"type": "string", "description": "The other campaign, where there is one."},
        },
    },
}


def caution_body(caution: Caution) -> Json:
    body = {"code": caution.code, "message": caution.text}
    return body | {"campaign": caution.campaign} if caution.campaign else body
