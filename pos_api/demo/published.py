"""The demonstration's association of campaigns and its price markdown, live like the campaigns."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User

from campaigns.models import Association, Markdown
from campaigns.services.associations import create_association
from campaigns.services.markdowns import create_markdown
from pos_api.demo.campaigns import STARTED_DAYS_AGO, ZONE

ASSOCIATION: dict[str, Any] = {
    "code": "VIP-OU-FUNCIONARIO",
    "name": "VIP ou funcionário: o maior desconto",
    "criterion": "highest",
    "compete_on": "basket",
    "campaigns": ["VIP8", "FUNCIONARIO30"],
}
MARKDOWN: dict[str, Any] = {
    "code": "FIM-DE-COLECAO",
    "name": "Fim de coleção: chinelos",
    "by": "code",
    "customers": "all",
    "items": [{"value": "CHINELO", "percent": "20.00"}],
}


def build_published(*, user: User, at: datetime) -> None:
    """Create and publish what is missing; the campaigns are there already."""
    if not Association.objects.filter(code=ASSOCIATION["code"]).exists():
        create_association(document=ASSOCIATION, publish=True, user=user, at=at)
    if not Markdown.objects.filter(code=MARKDOWN["code"]).exists():
        first_day = at.astimezone(ZONE).date() - timedelta(days=STARTED_DAYS_AGO)
        starts_at = datetime.combine(first_day, time(0), ZONE).isoformat()
        create_markdown(document={**MARKDOWN, "starts_at": starts_at}, publish=True, user=user, at=at)
