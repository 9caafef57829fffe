from pos_api.models.counter_visit import CounterVisit
from pos_api.models.credential import TerminalKey, UserToken
from pos_api.models.idempotency import IdempotencyKey
from pos_api.models.lookup_guard import LookupGuard
from pos_api.models.reservation import Reservation, ReservationState
from pos_api.models.sale_exception import ExceptionKind, Resolution, SaleException
from pos_api.models.stored_value_operation import StoredValueOperation

__all__ = [
    "CounterVisit",
    "ExceptionKind",
    "IdempotencyKey",
    "LookupGuard",
    "Reservation",
    "ReservationState",
    "Resolution",
    "SaleException",
    "StoredValueOperation",
    "TerminalKey",
    "UserToken",
]
