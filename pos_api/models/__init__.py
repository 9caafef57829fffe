from pos_api.models.counter_visit import CounterVisit
from pos_api.models.credential import TerminalKey, UserToken
from pos_api.models.idempotency import IdempotencyKey
from pos_api.models.lookup_guard import LookupGuard

__all__ = ["CounterVisit", "IdempotencyKey", "LookupGuard", "TerminalKey", "UserToken"]
