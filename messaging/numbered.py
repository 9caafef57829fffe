"""WhatsApp's own way to write variables: {{1}}, {{2}} …, and which texts it takes. No Django.

WhatsApp approves a text once, and each message only brings values. So an approved text can have variables, but
neither conditions nor loops nor filters.
"""

import re
from itertools import pairwise

from messaging.rendering import TemplateRefused

LONGEST_TEXT = 1024
_TAG = re.compile(r"{%.*?%}", re.S)
_OUTPUT = re.compile(r"{{-?\s*(.*?)\s*-?}}", re.S)
_NAME = re.compile(r"^[a-z][a-z_]*(\.[a-z][a-z_]*)*$")
_MARK = re.compile(r"{{\d+}}")


def numbered(text: str) -> tuple[str, list[str]]:
    """Return a text with numbered variables, and the names behind the numbers, in order.

    Raises TemplateRefused: `approval_no_logic`, `approval_no_filters` (name), `approval_too_long` (limit, actual),
    `approval_variable_at_edge` (name), `approval_variables_adjacent` (names).
    """
    if _TAG.search(text):
        raise TemplateRefused("approval_no_logic")
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found.group(1)
        if not _NAME.match(name):
            raise TemplateRefused("approval_no_filters", name=name[:80])
        if name not in names:
            names.append(name)
        return f"{{{{{names.index(name) + 1}}}}}"

    body = _OUTPUT.sub(number, text.replace("\r\n", "\n")).strip()
    if len(body) > LONGEST_TEXT:
        raise TemplateRefused("approval_too_long", limit=LONGEST_TEXT, actual=len(body))
    _refuse_edges(body, names)
    return body, names


def _refuse_edges(body: str, names: list[str]) -> None:
    marks = list(_MARK.finditer(body))
    for mark in marks[:1]:
        if not body[: mark.start()].strip():
            raise TemplateRefused("approval_variable_at_edge", name=_name_of(mark, names))
    for mark in marks[-1:]:
        # Punctuation alone does not count as text after a variable.
        if not re.search(r"\w", body[mark.end() :]):
            raise TemplateRefused("approval_variable_at_edge", name=_name_of(mark, names))
    for first, second in pairwise(marks):
        if not body[first.end() : second.start()].strip():
            both = f"{_name_of(first, names)}, {_name_of(second, names)}"
            raise TemplateRefused("approval_variables_adjacent", names=both)


def _name_of(mark: re.Match[str], names: list[str]) -> str:
    return names[int(mark.group()[2:-2]) - 1]
