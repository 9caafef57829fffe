"""How not to send webhooks: what is noted as sent before the call is lost by a kill. Only a control for the tests.

python careless_sender.py
"""

import django
from django.utils import timezone


def main() -> None:
    django.setup()

    from messaging.webhooks.addresses import parse_url
    from messaging.webhooks.client import post
    from messaging.webhooks.models import DeliveryState, WebhookDelivery

    for delivery in WebhookDelivery.objects.select_related("endpoint", "event").filter(
        state=DeliveryState.PENDING
    ):
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            state=DeliveryState.DELIVERED, closed_at=timezone.now()
        )
        post(parse_url(delivery.endpoint.url), b"{}", {"webhook-id": str(delivery.event.uuid)})


if __name__ == "__main__":
    main()
