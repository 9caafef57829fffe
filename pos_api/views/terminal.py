from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from campaigns.selectors import current_plan_version
from messaging.services.receipts import offers_of
from pos_api.examples import TERMINAL_ANSWER
from pos_api.openapi import operation
from pos_api.terminal_answers import TerminalAnswer
from pos_api.views.base import PosView, answer, terminal_of
from retail import money


class TerminalView(PosView):
    @operation(
        id="readTerminal",
        tag="Point of sale",
        summary="Who am I: the terminal, its store and what its receipts show",
        responses={200: TerminalAnswer},
        answer=TERMINAL_ANSWER,
    )
    def get(self, request: Request) -> HttpResponse:
        caller = terminal_of(request)
        receipts = offers_of(caller.store_id)
        now = timezone.now().astimezone(caller.store.timezone)
        return answer(
            {
                "terminal": caller.terminal_code,
                "name": caller.terminal_name,
                "test": caller.is_test,
                "store": {
                    "code": caller.store.code,
                    "name": caller.store_name,
                    "brand": caller.store_brand,
                    "time_zone": caller.store.timezone.key,
                    "online_shop": caller.online_shop,
                    "totals_mode": "accept" if caller.accepts_other_totals else "strict",
                    "offline_redeem_limit": money.text(caller.offline_redeem_limit),
                },
                "receipt": {
                    "header": list(dict.fromkeys(filter(None, [caller.store_brand, caller.store_name]))),
                    "footer": [],
                    "shows_savings": True,
                    "send": receipts.modes,
                    "operations": receipts.operations,
                },
                "plan_version": current_plan_version(),
                "time": now.isoformat(timespec="seconds"),
            }
        )
