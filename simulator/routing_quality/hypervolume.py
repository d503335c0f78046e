"""How much of the space of outcomes a set of policies covers: the larger, the better the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Outcomes: TypeAlias = tuple[float, ...]
"""One policy's objectives, all of which are better when lower."""

MARGIN = 0.1
"""How far beyond the worst outcome the reference lies, as a share of the range."""


def hypervolume(points: Sequence[Outcomes], reference: Outcomes) -> float:
    """Volume between the points and a reference that is worse than all of them, less is better.

    By slices along the last objective (Zitzler and Thiele 1998, IEEE Trans. Evol. Comput. 3(4)):
    within a slice the points below it cover their hypervolume in one dimension less.
    """
    inside = [point for point in points if all(x < r for x, r in zip(point, reference, strict=True))]
    if not inside:
        return 0.0
    if len(reference) == 1:
        return reference[0] - min(point[0] for point in inside)
    return sum(slices(sorted(inside, key=lambda point: point[-1]), reference))


def slices(ascending: Sequence[Outcomes], reference: Outcomes) -> list[float]:
    """Volumes of the slices between one point's last objective and the next one's."""
    ends = [point[-1] for point in ascending[1:]] + [reference[-1]]
    return [
        (end - point[-1]) * hypervolume([below[:-1] for below in ascending[: place + 1]], reference[:-1])
        for place, (point, end) in enumerate(zip(ascending, ends, strict=True))
        if end > point[-1]
    ]


def covered_ratio(points: Sequence[Outcomes]) -> float | None:
    """Hypervolume of objectives stretched so that the best is 0 and the worst 1, as a share of the space.

    The reference lies `MARGIN` beyond the worst, so that the best in one objective counts even where it
    is the worst in another. An objective in which all are alike is left out; None where none differs.
    """
    columns = [column for column in zip(*points, strict=True) if max(column) > min(column)]
    if not columns:
        return None
    scaled = [[(x - min(column)) / (max(column) - min(column)) for x in column] for column in columns]
    end = 1.0 + MARGIN
    return hypervolume(list(zip(*scaled, strict=True)), (end,) * len(columns)) / end ** len(columns)
