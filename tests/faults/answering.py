"""Says yes and no for some customers, until a file appears: python -m tests.faults.answering OVER LOG CUSTOMER...

Each answer is a line of LOG: [customer, when it was begun, when it was committed, granted]. Nobody else answers for them.
"""

import json
import random
import sys
import time
from pathlib import Path

import django


def main(over: str, log: str, customers: list[int]) -> None:
    django.setup()

    from django.utils import timezone

    from customers.models import Customer
    from customers.services.consents import record_consent

    people = list(Customer.objects.filter(pk__in=customers))
    with open(log, "a", buffering=1) as lines:
        while not Path(over).exists():
            customer, granted = random.choice(people), random.random() < 0.5
            began = time.time()
            record_consent(
                customer=customer,
                values={"purpose": "marketing", "channel": "sms", "granted": granted},
                source="web",
                at=timezone.now(),
            )
            lines.write(json.dumps([customer.pk, began, time.time(), granted]) + "\n")
            time.sleep(random.random() / 100)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [int(key) for key in sys.argv[3:]])
