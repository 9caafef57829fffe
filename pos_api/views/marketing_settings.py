"""What is counted of marketing messages, and how much of a yes is asked for."""

from typing import Annotated

from django.http import HttpResponse
from django.utils import timezone
from msgspec import Meta, Struct
from rest_framework.request import Request

from messaging.models import MarketingSettings
from messaging.models.tracking import LONGEST_ANSWER, LONGEST_ATTRIBUTION
from messaging.selectors.marketing import marketing_settings
from messaging.services.marketing import MarketingDecisions, save_marketing_settings
from pos_api.decoding import Decoder
from pos_api.openapi import Json, operation
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.resources import user_of

TAG = "Messages"


class MarketingDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Tracking, attribution and double opt-in."""

    track_links: Annotated[
        bool, Meta(description="Links of marketing messages lead through this installation.")
    ]
    track_opens: Annotated[bool, Meta(description="Marketing e-mails carry an invisible picture.")]
    attribution_days: Annotated[
        int,
        Meta(ge=1, le=LONGEST_ATTRIBUTION, description="For how many days a purchase counts for a message."),
    ]
    double_opt_in: Annotated[
        bool, Meta(description="What is agreed to from now on must be confirmed by a link.")
    ]
    stop_answer: Annotated[
        str,
        Meta(
            max_length=LONGEST_ANSWER,
            description="Sent once to whoever answers SAIR or STOP by SMS or WhatsApp; empty is the installation's own sentence.",
        ),
    ] = ""


SHOWN: Json = {
    "type": "object",
    "properties": {
        "track_links": {"type": "boolean"},
        "track_opens": {"type": "boolean"},
        "attribution_days": {"type": "integer"},
        "double_opt_in": {"type": "boolean"},
        "stop_answer": {"type": "string"},
        "double_opt_in_since": {"type": ["string", "null"], "format": "date-time"},
    },
}
EXAMPLE: Json = {
    "track_links": True,
    "track_opens": True,
    "attribution_days": 7,
    "double_opt_in": True,
    "stop_answer": "",
}


def represent(decided: MarketingSettings) -> Json:
    return {
        "track_links": decided.track_links,
        "track_opens": decided.track_opens,
        "attribution_days": decided.attribution_days,
        "double_opt_in": decided.double_opt_in_since is not None,
        "double_opt_in_since": decided.double_opt_in_since,
        "stop_answer": decided.stop_answer,
    }


class MarketingSettingsView(ManagerView):
    permissions = {
        "GET": ("messaging.view_marketingsettings",),
        "PUT": ("messaging.change_marketingsettings",),
    }
    body: Body[MarketingDocument] = Body(Decoder(MarketingDocument))

    @operation(
        id="marketing_settings_get",
        tag=TAG,
        summary="Read what is counted of marketing messages, and whether consent must be confirmed",
        responses={200: SHOWN},
    )
    def get(self, request: Request) -> HttpResponse:
        return answer(represent(marketing_settings()))

    @operation(
        id="marketing_settings_replace",
        tag=TAG,
        summary="Decide what is counted of marketing messages, and whether consent must be confirmed",
        description=(
            "Customers who refused profiling are never counted. Double opt-in holds for what is agreed to from the moment when it is "
            "switched on: until it is confirmed from the address itself, nothing but the question is sent."
        ),
        request=MarketingDocument,
        responses={200: SHOWN},
        examples={"Count everything, ask for confirmation": EXAMPLE},
    )
    def put(self, request: Request) -> HttpResponse:
        document = self.body.read(request)
        decisions = MarketingDecisions(
            track_links=document.track_links,
            track_opens=document.track_opens,
            attribution_days=document.attribution_days,
            double_opt_in=document.double_opt_in,
            stop_answer=document.stop_answer.strip(),
        )
        stored = save_marketing_settings(decisions=decisions, user=user_of(request), at=timezone.now())
        return answer(represent(stored))
