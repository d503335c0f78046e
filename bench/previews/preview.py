"""`python -m bench.previews.preview URL BOARD PICTURE [variable=value …]`: a picture of a dashboard.

Drawn by us from the dashboard's own queries to a real Prometheus; it is no picture of Grafana.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import vl_convert
from PIL import Image

from bench.previews.answers import Prometheus, chosen, read_board, window_of
from bench.previews.drawing import DashboardDrawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.previews.answers import Json, Series, TimeRange
    from bench.previews.drawing import Region

NAMED = ("run", "policy", "deployment", "instance")
COLOURS = 220
NOTE = "a preview drawn from the dashboard's own queries, not by Grafana"


def preview(source: Prometheus, name: str, choices: Mapping[str, str]) -> DashboardDrawing:
    """A dashboard with what a Prometheus answers."""
    board = read_board(name)
    window = window_of(board)
    variables = chosen(board, source, window, choices)
    shown = ", ".join(f"{name} {plain(variables[name])}" for name in NAMED if name in variables)
    return DashboardDrawing(
        board=board,
        answers=answers(board, source, variables, window),
        regions=regions(board, source, variables, window),
        window=window,
        note=f"{shown} · {instant_text(window.begin_s)} to {instant_text(window.end_s)} UTC · {NOTE}",
    )


def plain(chosen_values: str) -> str:
    """A variable's value as people say it."""
    return chosen_values.replace("\\", "").replace("|", ", ")


def instant_text(instant_s: float) -> str:
    """Seconds since 1970 as a day and an hour."""
    return f"{datetime.fromtimestamp(instant_s, UTC):%Y-%m-%d %H:%M}"


def save(picture: DashboardDrawing, path: Path) -> None:
    """Writes a picture of few colours: small, and good enough for lines and letters."""
    full = Image.open(BytesIO(vl_convert.svg_to_png(picture.svg()))).convert("RGB")
    full.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def answers(
    board: Json, source: Prometheus, variables: Mapping[str, str], window: TimeRange
) -> dict[int, list[Series]]:
    """What every panel shows, by its number."""
    found: dict[int, list[Series]] = {}
    for panel in board["panels"]:
        asked = [source.series(target, variables, window) for target in panel.get("targets", [])]
        found[panel["id"]] = [series for each in asked for series in each]
    return found


def regions(board: Json, source: Prometheus, variables: Mapping[str, str], window: TimeRange) -> list[Region]:
    """The spans of the faults that are marked."""
    found: list[Region] = []
    for mark in board["annotations"].get("list", []):
        for series in source.series(mark["target"], variables, window):
            found += spans(series.t_s, window.step_s)
    return found


def spans(t_s: Sequence[float], step_s: float) -> list[Region]:
    """Instants joined where no step between them is missing."""
    joined: list[Region] = []
    for instant in t_s:
        if joined and instant - joined[-1][1] <= step_s:
            joined[-1] = (joined[-1][0], instant)
        else:
            joined.append((instant, instant))
    return joined


if __name__ == "__main__":
    url, board_name, picture, *settings = sys.argv[1:]
    choices = {name: value for name, _is, value in (each.partition("=") for each in settings)}
    save(preview(Prometheus(url=url), board_name, choices), Path(picture))
