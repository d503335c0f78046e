"""A dashboard drawn on its own grid from the answers to its own queries.

This is our drawing, not Grafana's: it keeps places, titles, queries, units, stacking and the fixed
colours; fonts, palettes and ticks are its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import vl_convert

from bench.previews.charting import chart
from bench.previews.numbers import written
from dashboards.palette import INK as FIGURE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.previews.answers import Json, Series, TimeRange

    Region = tuple[float, float]

COLUMN_PX, ROW_PX, GAP_PX = 54, 34, 8
GRID_COLUMNS = 24
HEAD_PX, TITLE_PX = 58, 26
INK, SOFT, LINE, PAPER, BACK = "#1d2733", "#5c6773", "#d8dde3", "#ffffff", "#f4f5f7"
FONT = "sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardDrawing:
    """What is drawn: a dashboard, the answers by its panels' numbers, and the spans of faults."""

    board: Json
    answers: Mapping[int, Sequence[Series]]
    regions: Sequence[Region]
    window: TimeRange
    note: str

    def svg(self) -> str:
        """The whole dashboard."""
        panels: list[Json] = self.board["panels"]
        height = HEAD_PX + max(edges(panel)[1] + edges(panel)[3] for panel in panels) + GAP_PX
        width = GRID_COLUMNS * COLUMN_PX
        head = TextStyle(size=19, weight="bold").at(16, 26, str(self.board["title"]))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="{FONT}">'
            f'<rect width="{width}" height="{height}" fill="{BACK}"/>'
            f"{head}{TextStyle(size=12, fill=SOFT).at(16, 46, self.note)}"
            f"{''.join(self.panel(panel) for panel in panels)}</svg>"
        )

    def panel(self, panel: Json) -> str:
        """One panel in its frame; a row's heading has none."""
        left, top, width, height = edges(panel)
        title = str(panel["title"])
        if panel["type"] == "row":
            return TextStyle(size=15, weight="bold").at(left + 16, HEAD_PX + top + 22, title)
        inner = (width - GAP_PX, height - GAP_PX)
        draw = self.figures if panel["type"] == "stat" else self.lines
        place = f"translate({left + GAP_PX / 2},{HEAD_PX + top + GAP_PX / 2})"
        frame = f'<rect width="{inner[0]}" height="{inner[1]}" rx="3" fill="{PAPER}" stroke="{LINE}"/>'
        words = TextStyle(size=13, weight="bold").at(10, 18, title)
        return f'<g transform="{place}">{frame}{words}{draw(panel, inner)}</g>'

    def figures(self, panel: Json, inner: tuple[int, int]) -> str:
        """The last value of each answer, side by side, its name below it."""
        series = sorted(self.answers[panel["id"]], key=lambda each: each.name)
        defaults: Json = panel["fieldConfig"]["defaults"]
        size = 34 if len(series) == 1 else 22
        drawn = []
        for position, each in enumerate(series):
            middle = (position + 0.5) * inner[0] / len(series)
            value = each.values[-1]
            look = TextStyle(size=size, weight="bold", anchor="middle", fill=threshold(value, defaults))
            drawn.append(look.at(middle, 70, written_by(defaults, value)))
            for line, words in enumerate(each.name.split(" · ")):
                drawn.append(TextStyle(size=11, fill=SOFT, anchor="middle").at(middle, 94 + 15 * line, words))
        return "".join(drawn)

    def lines(self, panel: Json, inner: tuple[int, int]) -> str:
        """Lines over time, drawn by Vega, moved below the title."""
        series = self.answers[panel["id"]]
        spec = chart(panel["fieldConfig"], series, self.regions, self.window)
        spec |= {"width": inner[0] - 12, "height": inner[1] - TITLE_PX - 6}
        return f'<g transform="translate(6,{TITLE_PX})">{vl_convert.vegalite_to_svg(json.dumps(spec))}</g>'


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStyle:
    """How words look."""

    size: int
    fill: str = INK
    weight: str = "normal"
    anchor: str = "start"

    def at(self, x: float, y: float, words: str) -> str:
        """Words at a place."""
        look = f'font-size="{self.size}" fill="{self.fill}" font-weight="{self.weight}"'
        return f'<text x="{x:.1f}" y="{y:.1f}" {look} text-anchor="{self.anchor}">{escape(words)}</text>'


def edges(panel: Json) -> tuple[int, int, int, int]:
    """Left, top, width and height of a panel, pixels below the head."""
    place: dict[str, int] = panel["gridPos"]
    return place["x"] * COLUMN_PX, place["y"] * ROW_PX, place["w"] * COLUMN_PX, place["h"] * ROW_PX


def written_by(defaults: Json, value: float) -> str:
    """A value as its panel's unit and decimals say."""
    return written(value, str(defaults["unit"]), defaults.get("decimals"))


def threshold(value: float, defaults: Json) -> str:
    """The colour of a value by its panel's limits."""
    steps: list[Json] = defaults["thresholds"]["steps"]
    passed = [step for step in steps if step.get("value") is None or value >= step["value"]]
    return str(passed[-1]["color"]) if passed else FIGURE
