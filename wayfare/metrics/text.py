"""Prometheus' text: what pages and files have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wayfare.metrics.families import Label

ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def series_text(name: str, labels: Iterable[Label]) -> str:
    """A series as Prometheus writes it: `name{label="value",...}`."""
    inside = ",".join(f'{label}="{value.translate(ESCAPES)}"' for label, value in labels)
    return f"{name}{{{inside}}}" if inside else name
