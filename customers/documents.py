"""CPF and CNPJ: the numbers by which the Brazilian treasury knows people and companies. Pure.

A CPF has eleven digits. A CNPJ has twelve digits or letters and two check digits: letters are in use
since July 2026 (IN RFB 2.229/2024), so a CNPJ is never a number. Both are kept as text, upper case,
without mask; ``normalize`` makes that form and the other functions expect it.
"""

import re
from typing import Literal

Kind = Literal["cpf", "cnpj"]

_CPF = re.compile(r"[0-9]{11}", re.ASCII)
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}", re.ASCII)
_PUNCTUATION = str.maketrans("", "", ".-/ \t\r\n\u00a0")
_CPF_WEIGHTS = (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_CNPJ_WEIGHTS = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def normalize(text: str) -> str:
    """Return ``text`` without mask and spaces, in upper case: the form in which documents are stored.

    Nothing else is removed or repaired, so a wrong document stays recognisable and stays wrong.
    """
    bare = text.translate(_PUNCTUATION)
    # Outside ASCII, upper() can turn a foreign letter into a Latin one ("ſ" into "S").
    return bare.upper() if bare.isascii() else bare


def kind(document: str) -> Kind:
    """Say whether a normalised document has the shape of a CPF or of a CNPJ.

    Raises ValueError when it has neither.
    """
    if _CPF.fullmatch(document):
        return "cpf"
    if _CNPJ.fullmatch(document):
        return "cnpj"
    raise ValueError("neither a CPF nor a CNPJ")


def is_valid(document: str) -> bool:
    """Tell whether a normalised document has a known shape and the right check digits.

    One symbol repeated (111.111.111-11) satisfies the arithmetic and is refused: no such document is issued.
    """
    if len(set(document)) == 1:
        return False
    try:
        weights = _CPF_WEIGHTS if kind(document) == "cpf" else _CNPJ_WEIGHTS
    except ValueError:
        return False
    body = document[:-2]
    first = _check_digit(body, weights[1:])
    return document[-2:] == first + _check_digit(body + first, weights)


def mask(document: str) -> str:
    """Hide enough of a document to show it: ``***.456.789-**``, ``**.345.678/****-**``.

    What is neither CPF nor CNPJ is hidden whole.
    """
    try:
        shape = kind(document)
    except ValueError:
        return "*" * len(document)
    if shape == "cpf":
        return f"***.{document[3:6]}.{document[6:9]}-**"
    return f"**.{document[2:5]}.{document[5:8]}/****-**"


def _check_digit(body: str, weights: tuple[int, ...]) -> str:
    # A letter counts as its place in ASCII after "0", which leaves digits as they are.
    total = sum((ord(symbol) - 48) * weight for symbol, weight in zip(body, weights, strict=True))
    rest = total % 11
    return "0" if rest < 2 else str(11 - rest)
