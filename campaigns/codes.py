"""How promotional codes look: random ones with a check symbol, and words that people remember. Pure."""

import re
import secrets

# Crockford's Base32: no I, L, O or U, so that a code survives being read aloud or written by hand.
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH = 15
GROUP = 4

_VALUES = {symbol: value for value, symbol in enumerate(SYMBOLS)}
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_WORD = re.compile(r"[^\W_][\w.\-]{0,63}")


def normalize(text: str) -> str:
    """Return a code as it is stored and compared: upper case, without outer spaces."""
    return text.strip().upper()


def is_word(code: str) -> bool:
    """Say whether a normalised text can be a code: 1 to 64 letters, digits, dots, hyphens or underscores."""
    return bool(_WORD.fullmatch(code)) and code == code.upper()


def generate(prefix: str = "") -> str:
    """Make a code of 15 random symbols (75 bits) and a check symbol, in groups of four: `7GK2-M0ZD-...`."""
    number = secrets.randbits(5 * RANDOM_LENGTH)
    symbols = "".join(SYMBOLS[number >> 5 * place & 31] for place in range(RANDOM_LENGTH))
    symbols += check_symbol(symbols)
    grouped = "-".join(symbols[start : start + GROUP] for start in range(0, len(symbols), GROUP))
    return f"{prefix}-{grouped}" if prefix else grouped


def check_symbol(symbols: str) -> str:
    """Return Luhn's check symbol in base 32: it finds one wrong symbol and most swaps of neighbours."""
    total = 0
    for place, symbol in enumerate(reversed(symbols)):
        value = _VALUES[symbol]
        if place % 2 == 0:
            value *= 2
            value = value // 32 + value % 32
        total += value
    return SYMBOLS[-total % 32]


def is_generated(code: str, prefix: str = "") -> bool:
    """Say whether a normalised code can have come from `generate`; false for 31 of 32 guesses."""
    start = f"{prefix}-" if prefix else ""
    symbols = code.removeprefix(start).replace("-", "").translate(_MISREAD)
    return (
        code.startswith(start)
        and len(symbols) == RANDOM_LENGTH + 1
        and all(symbol in _VALUES for symbol in symbols)
        and check_symbol(symbols[:-1]) == symbols[-1]
    )
