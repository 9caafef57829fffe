"""How codes look: random ones with a check symbol, and words that people remember. Pure: no Django, no database."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

# Crockford's Base32: no I, L, O or U, so that a code survives being read aloud or written by hand.
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALPHABETS = {"base32": SYMBOLS, "letters": SYMBOLS[10:], "digits": SYMBOLS[:10]}
GROUP = 4
# Of so many guesses at most one may hit a code that exists.
GUESSES = 1_000_000

MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_WORD = re.compile(r"[^\W_][\w.\-]{0,63}")


def normalize(text: str) -> str:
    """Return a code as it is stored and compared: upper case, without outer spaces."""
    return text.strip().upper()


def is_word(code: str) -> bool:
    """Say whether a normalised text can be a code: 1 to 64 letters, digits, dots, hyphens or underscores."""
    return bool(_WORD.fullmatch(code)) and code == code.upper()


@dataclass(frozen=True, slots=True)
class Pattern:
    """What random codes look like: a prefix, then `length` symbols in groups of four: `NATAL-7GK2-M0ZD-...`.

    By default 15 symbols are random (75 bits) and the last one checks them.
    """

    prefix: str = ""
    length: int = 16
    alphabet: str = "base32"
    has_check_symbol: bool = True

    @property
    def symbols(self) -> str:
        return ALPHABETS[self.alphabet]

    @property
    def random_length(self) -> int:
        return self.length - self.has_check_symbol

    def holds(self, count: int) -> bool:
        """Say whether so many codes can exist without one of a million guesses hitting any."""
        return len(self.symbols) ** self.random_length >= count * GUESSES

    def generate(self, count: int, random: Callable[[int], bytes] = os.urandom) -> list[str]:
        """Make `count` codes, all different, in no order. `random` gives so many random bytes."""
        made: set[str] = set()
        while len(made) < count:
            made.update(self._draw(count - len(made), random))
        return list(made)

    def _draw(self, count: int, random: Callable[[int], bytes]) -> list[str]:
        size, length = len(self.symbols), self.random_length
        # Bytes beyond the last whole multiple are dropped, so that every symbol is equally likely.
        whole = 256 - 256 % size
        remainders = bytes(byte % size for byte in range(256))
        beyond = bytes(range(whole, 256))
        values = b""
        while len(values) < count * length:
            values += random(count * length).translate(remainders, beyond)
        doubled = values.translate(_doubled(size) + bytes(256 - size))
        text = values.translate(self.symbols.encode() + bytes(256 - size)).decode()
        codes = []
        for start in range(0, count * length, length):
            end = start + length
            code = text[start:end]
            if self.has_check_symbol:
                total = sum(doubled[start:end][::-2]) + sum(values[start:end][-2::-2])
                code += self.symbols[-total % size]
            groups = [code[at : at + GROUP] for at in range(0, len(code), GROUP)]
            codes.append("-".join([self.prefix, *groups] if self.prefix else groups))
        return codes

    def could_be(self, code: str) -> bool:
        """Say whether a normalised code can have come from `generate`; a mistyped one hardly ever passes."""
        start = f"{self.prefix}-" if self.prefix else ""
        symbols = code.removeprefix(start).replace("-", "")
        if self.alphabet == "base32":
            symbols = symbols.translate(MISREAD)
        if not code.startswith(start) or len(symbols) != self.length:
            return False
        if not set(symbols) <= set(self.symbols):
            return False
        return not self.has_check_symbol or check_symbol(symbols[:-1], self.symbols) == symbols[-1]


def check_symbol(symbols: str, alphabet: str = SYMBOLS) -> str:
    """Return Luhn's check symbol in any alphabet: it finds one wrong symbol and most swaps of neighbours."""
    size = len(alphabet)
    doubled = _doubled(size)
    total = 0
    for place, symbol in enumerate(reversed(symbols)):
        value = alphabet.index(symbol)
        total += doubled[value] if place % 2 == 0 else value
    return alphabet[-total % size]


@cache
def _doubled(size: int) -> bytes:
    """Return for each value the sum of the digits of its double."""
    return bytes(2 * value // size + 2 * value % size for value in range(size))
