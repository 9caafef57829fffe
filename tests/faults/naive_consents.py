"""How not to ask for consent: look, then send. Only a control for T43: python -m tests.faults.naive_consents"""

import time

import django


def main() -> None:
    django.setup()

    from django.utils import timezone

    from customers.selectors import standing_consents
    from messaging.models import Message, MessageState

    while message := Message.objects.filter(state=MessageState.QUEUED).order_by("?").first():
        agreed = standing_consents([message.customer_id])[message.customer_id].granted("marketing", "sms")
        # Meanwhile the text is made.
        time.sleep(0.02)
        changed = (
            {"state": "sent", "call_began_at": timezone.now(), "sent_at": timezone.now()}
            if agreed
            else {"state": "suppressed", "reason": "no_consent"}
        )
        Message.objects.filter(pk=message.pk, state=MessageState.QUEUED).update(
            closed_at=timezone.now(), **changed
        )


if __name__ == "__main__":
    main()
