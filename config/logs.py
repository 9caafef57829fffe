"""Log lines that carry the id of the request they belong to."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


# The code of a stored value, in the address of a request.
_CODE = re.compile(r"(/stored-values/)[^/?\s]+")


class CodeFilter(logging.Filter):
    """Leave the codes of stored values out of the addresses of requests that failed: whoever reads one has the money."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and "/stored-values/" in (text := record.getMessage()):
            record.msg, record.args = _CODE.sub(r"\1•••", text), ()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
