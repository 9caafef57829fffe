from pos_api.models.credential import TerminalKey, UserToken
from pos_api.models.idempotency import IdempotencyKey
from pos_api.models.lookup_guard import LookupGuard

__all__ = ["IdempotencyKey", "LookupGuard", "TerminalKey", "UserToken"]
