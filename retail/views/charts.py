"""Charts as geometry: the server computes every coordinate, the template only writes them down.

Values are Decimals or integers; positions are integers of the drawing's own units, so no float occurs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WIDTH, HEIGHT = 640, 208
TOP, BOTTOM, RIGHT = 12, 24, 4
_AXIS_TEXT = 8  # the width of one digit of an axis label, on the generous side


@dataclass(frozen=True, slots=True)
class Series:
    """One measured thing: its name and a value for each slot."""

    name: str
    values: Sequence[Decimal | int]


@dataclass(frozen=True, slots=True)
class GridLine:
    y: int
    text_y: int
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    series: int
    path: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of the horizontal axis, with what stands there."""

    x: int
    width: int
    middle: int
    label: str
    title: str
    bars: list[Bar]
    # Left out where the drawing is small and its letters therefore large.
    is_minor: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """All that templates/components/chart.html needs."""

    title: str
    width: int
    height: int
    left: int
    right: int
    top: int
    plot_height: int
    axis_x: int
    label_y: int
    grid: list[GridLine]
    slots: list[Slot]
    legend: list[str]
    headings: list[str]
    table: list[list[str]]
    lines: list[str]
    area: str


def bar_chart(
    *,
    title: str,
    slot_heading: str,
    slots: Sequence[str],
    series: Sequence[Series],
    write: Callable[[Any], str],
    write_axis: Callable[[Any], str],
    slot_names: Sequence[str] | None = None,
    stacked: bool = False,
) -> Chart:
    """Draw bars for each slot: side by side, or `stacked` when their sum means something.

    `slots` label the axis (some are left out when they would touch), `slot_names` name them in full; `write`
    writes values for the table and hints, `write_axis` shorter for the axis.
    """
    names = slot_names or slots
    columns = [[one.values[place] for one in series] for place in range(len(slots))]
    step, count_of_steps = scale(
        max((sum(column) if stacked else max(column) for column in columns), default=0)
    )
    top = step * count_of_steps
    axis = [write_axis(step * place) for place in range(count_of_steps + 1)]
    left = max(len(label) for label in axis) * _AXIS_TEXT + 8
    plot_height = HEIGHT - TOP - BOTTOM
    grid = [
        GridLine(y := HEIGHT - BOTTOM - plot_height * place // count_of_steps, y + 4, label)
        for place, label in enumerate(axis)
    ]
    plot_width = WIDTH - RIGHT - left
    count = max(len(slots), 1)
    every = -(-count * 40 // plot_width)
    drawn = []
    for place, label in enumerate(slots):
        start = left + plot_width * place // count
        end = left + plot_width * (place + 1) // count
        hint = ", ".join(
            f"{one.name}: {write(one.values[place])}" if len(series) > 1 else write(one.values[place])
            for one in series
        )
        drawn.append(
            Slot(
                x=start,
                width=end - start,
                middle=(start + end) // 2,
                # Counted from the newest, which always has its label.
                label=label if (count - 1 - place) % every == 0 else "",
                title=f"{names[place]}: {hint}",
                bars=(_stack if stacked else _bars)(start, end, columns[place], top, plot_height),
                is_minor=(count - 1 - place) % (2 * every) != 0,
            )
        )
    return Chart(
        title=title,
        width=WIDTH,
        height=HEIGHT,
        left=left,
        right=WIDTH - RIGHT,
        top=TOP,
        plot_height=plot_height,
        axis_x=left - 8,
        label_y=HEIGHT - 6,
        grid=grid,
        slots=drawn,
        legend=[one.name for one in series],
        headings=[slot_heading, *(one.name for one in series)],
        table=[[names[place], *(write(one.values[place]) for one in series)] for place in range(len(slots))],
        lines=[],
        area="",
    )


def _bars(start: int, end: int, values: Sequence[Decimal | int], top: Decimal, plot_height: int) -> list[Bar]:
    slot = end - start
    gap = max(slot // 5, 1)
    width = max((slot - 2 * gap - (len(values) - 1)) // len(values), 1)
    width = min(width, 36)
    used = width * len(values) + len(values) - 1
    x = start + (slot - used) // 2
    floor = HEIGHT - BOTTOM
    bars = []
    for number, value in enumerate(values, start=1):
        height = int(value * plot_height / top)
        if value > 0:
            # Even the smallest sale leaves a mark.
            bars.append(Bar(number, _rounded(x, floor, width, max(height, 2))))
        x += width + 1
    return bars


def _stack(
    start: int, end: int, values: Sequence[Decimal | int], top: Decimal, plot_height: int
) -> list[Bar]:
    slot = end - start
    width = min(max(slot - 2 * max(slot // 6, 1), 1), 36)
    x = start + (slot - width) // 2
    bars = []
    below: Decimal | int = 0
    for number, value in enumerate(values, start=1):
        floor = HEIGHT - BOTTOM - int(below * plot_height / top)
        below += value
        height = HEIGHT - BOTTOM - int(below * plot_height / top)
        if value > 0:
            is_top = not any(values[number:])
            bars.append(
                Bar(number, _rounded(x, floor, width, max(floor - height, 1), radius=3 if is_top else 0))
            )
    return bars


def _rounded(x: int, floor: int, width: int, height: int, radius: int = 3) -> str:
    radius = min(radius, width // 2, height)
    return (
        f"M{x} {floor}V{floor - height + radius}q0 {-radius} {radius} {-radius}"
        f"H{x + width - radius}q{radius} 0 {radius} {radius}V{floor}z"
    )


def scale(value: Decimal | int) -> tuple[Decimal, int]:
    """Return (step, number of steps) of an axis that reaches `value` with at most five round steps."""
    exact = max(Decimal(value), Decimal(4))
    unit = Decimal(10) ** (exact.adjusted() - 1)
    steps = (unit * factor for factor in (Decimal(1), 2, Decimal("2.5"), 5, 10, 20, 25, 50))
    step = next(step for step in steps if step * 5 >= exact and step == step.to_integral_value())
    return step, int(exact // step) + bool(exact % step)
