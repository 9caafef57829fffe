"""What changed between two versions of a text, line by line. No Django."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_AROUND = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison. A `gap` stands for unchanged lines that are left out."""

    kind: Literal["same", "added", "removed", "gap"]
    text: str = ""


def compare(before: str, after: str) -> list[Line]:
    """Return the changed lines with two unchanged ones around; nothing when the texts are the same."""
    if before == after:
        return []
    old, new = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    end = 0
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND):
        if group[0][1] > end:
            lines.append(Line("gap"))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [Line("same", text) for text in old[old_from:old_to]]
                continue
            lines += [Line("removed", text) for text in old[old_from:old_to]]
            lines += [Line("added", text) for text in new[new_from:new_to]]
        end = group[-1][2]
    if end < len(old):
        lines.append(Line("gap"))
    return lines
