"""How a customer shows who they are: codes that are sent, and the PIN."""

from typing import Annotated, Any, ClassVar, Literal

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Meta, Struct
from rest_framework.request import Request

from customers.models import Customer, CustomerPin
from customers.services.pins import remove_pin, set_pin, try_pin
from messaging.services.verifications import address_of, masked_address, start
from messaging.tasks import wake_senders
from pos_api.decoding import Decoder
from pos_api.openapi import Json, operation
from pos_api.problems import Conflict
from pos_api.services.counter import customer_at_counter
from pos_api.views.base import Body, PosView, answer, no_content, terminal_of
from pos_api.views.customers import find_standing
from pos_api.views.resources import CounterView, find_or_404, terminal_or_none, user_of
from retail.models import Company, ProofMethod

TAG = "Customers"
_TEXT: Json = {"type": "string"}
_PIN = Meta(pattern=r"^[0-9]{4,8}$", description="Four to eight digits, not all the same.")
NOT_LOOKED_UP = "For a terminal: not looked up lately (`customer_not_looked_up`)."


class VerificationDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """Where the code is sent: to the customer's own address on this channel."""

    channel: Literal["sms", "email", "whatsapp"]


class PinDocument(Struct, forbid_unknown_fields=True, kw_only=True):
    """The customer's PIN; a terminal gives the `current` one where there is one."""

    pin: Annotated[str, _PIN]
    current: Annotated[str, Meta(pattern=r"^[0-9]{4,8}$")] | None = None


class VerificationsView(PosView):
    body: Body[VerificationDocument] = Body(Decoder(VerificationDocument))

    @operation(
        id="startVerification",
        tag=TAG,
        summary="Send the customer a code",
        description=(
            "Six digits, for one sale within ten minutes and five tries. The sale carries them in `proof`. At most three codes "
            "in ten minutes."
        ),
        request=VerificationDocument,
        responses={
            201: {
                "type": "object",
                "properties": {
                    "verification": {**_TEXT, "format": "uuid"},
                    "channel": {"enum": ["sms", "email", "whatsapp"]},
                    "sent_to": {**_TEXT, "description": "Masked."},
                    "expires_at": {**_TEXT, "format": "date-time"},
                },
            }
        },
        examples={"By text message": {"channel": "sms"}},
        answer={
            "verification": "5f0c8a52-2d0e-4e56-9d3f-1c2a5b7e8f90",
            "channel": "sms",
            "sent_to": "····4321",
            "expires_at": "2026-11-23T12:10:00+00:00",
        },
        problems={
            404: NOT_LOOKED_UP,
            409: "The company asks for a PIN (`proof_by_pin`).",
            422: "`no_address`, `no_provider`: choose another channel.",
            429: "`too_many_codes`.",
        },
    )
    def post(self, request: Request, pk: int) -> HttpResponse:
        at, document = timezone.now(), self.body.read(request)
        customer = customer_at_counter(store_id=terminal_of(request).store_id, customer_id=pk, at=at)
        if Company.objects.values_list("proof_method", flat=True).get() == ProofMethod.PIN:
            raise Conflict(_("The company asks for a PIN."), code="proof_by_pin")
        made = start(customer=customer, channel=document.channel, at=at)
        wake_senders()
        body: dict[str, Any] = {
            "verification": str(made.uuid),
            "channel": made.channel,
            "sent_to": masked_address(made.channel, address_of(customer, made.channel)),
            "expires_at": made.expires_at.isoformat(),
        }
        return answer(body, 201)


class PinView(CounterView):
    permissions: ClassVar[dict[str, tuple[str, ...]]] = {
        "PUT": ("customers.change_customer",),
        "DELETE": ("customers.change_customer",),
    }
    terminal_methods = ("PUT",)
    body: Body[PinDocument] = Body(Decoder(PinDocument))

    @operation(
        id="setPin",
        tag=TAG,
        summary="Set the customer's PIN",
        description="A terminal sets the first one, and changes one for the `current` one. A manager sets any.",
        request=PinDocument,
        responses={204: None},
        examples={
            "The first one": {"pin": "2580"},
            "Changed at the till": {"pin": "8520", "current": "2580"},
        },
        problems={404: NOT_LOOKED_UP, 409: "The current PIN is missing, wrong or locked (`pin_refused`)."},
    )
    def put(self, request: Request, pk: int) -> HttpResponse:
        at, document, terminal = timezone.now(), self.body.read(request), terminal_or_none(request)
        if terminal is None:
            customer = find_standing(pk)
            set_pin(customer_id=customer.pk, pin=document.pin, by_id=user_of(request).pk, at=at)
            return no_content()
        customer = customer_at_counter(store_id=terminal.store_id, customer_id=pk, at=at)
        if CustomerPin.objects.filter(customer=customer).exists():
            tried = (
                try_pin(customer_id=customer.pk, pin=document.current, at=at) if document.current else "none"
            )
            if tried != "right":
                raise Conflict(
                    _("Give the current PIN, or let a manager set a new one."),
                    code="pin_refused",
                    extra={"reason": {"none": "missing"}.get(tried, tried)},
                )
        set_pin(customer_id=customer.pk, pin=document.pin, at=at)
        return no_content()

    @operation(
        id="removePin",
        tag=TAG,
        summary="Take the customer's PIN away",
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> HttpResponse:
        remove_pin(customer_id=find_or_404(Customer.objects.all(), pk=pk).pk)
        return no_content()
