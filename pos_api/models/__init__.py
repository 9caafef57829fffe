from pos_api.models.credential import TerminalKey, UserToken
from pos_api.models.idempotency import IdempotencyKey

__all__ = ["IdempotencyKey", "TerminalKey", "UserToken"]
