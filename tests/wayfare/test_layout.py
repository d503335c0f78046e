"""Tables of figures: whatever the width, names stay, figures are whole, and what left is named."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from wayfare.render.numbers import decimals_of, significant, spread
from wayfare.render.terminal.console import PlainConsole, visible
from wayfare.render.terminal.layout import TableColumn, TableRow, laid_out, print_figures, shortened

NAMES = st.text(st.sampled_from("abcdefgh_-./:模型é[]\x1b\u202e"), min_size=1, max_size=60)
FIGURE = st.floats(min_value=-1e9, max_value=1e9).filter(lambda value: value == 0 or abs(value) > 1e-9)
WIDTHS = st.integers(min_value=40, max_value=200)


@st.composite
def tables(draw):
    """Columns in some order of ranks, and rows of figures with half-widths."""
    count = draw(st.integers(min_value=1, max_value=8))
    ranks = draw(st.permutations(range(count)))
    columns = [TableColumn(head=f"figure {place} of", rank=rank) for place, rank in enumerate(ranks)]
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique_by=visible))
    values = [draw(st.lists(st.tuples(FIGURE, FIGURE), min_size=count, max_size=count)) for _name in names]
    return columns, names, values


def written(value: float, half: float) -> str:
    """A cell as the comparison writes it."""
    shown, around = spread(value, abs(half))
    return f"{shown}\n±{around}"


def printed(columns, rows, width: int) -> list[str]:
    """The lines that a terminal of a width shows."""
    stream = io.StringIO()
    out = PlainConsole(file=stream, width=width, highlight=False, markup=False, emoji=False)
    print_figures(out, "policy", columns, rows)
    return stream.getvalue().splitlines()


def squeezed(lines: list[str]) -> str:
    """All that lines hold, wherever they were broken."""
    return "".join("".join(lines).split())


@settings(max_examples=50)
@given(tables(), WIDTHS)
def test_every_row_shows_its_name_and_whole_figures(table, width: int):
    """At any width each row has its name and its kept figures, to the digit; the others are named below."""
    columns, names, values = table
    rows = [
        TableRow(name=name, cells=[written(*pair) for pair in line])
        for name, line in zip(names, values, strict=True)
    ]
    lines = printed(columns, rows, width)
    fit = laid_out("policy", columns, rows, width)
    assert all(cell_len(line) <= width for line in lines)
    body = lines[next(place for place, line in enumerate(lines) if set(line.strip()) == {"─"}) + 1 :]
    for row, name, pairs in zip(range(len(rows)), fit.names, values, strict=True):
        line = body[row * (2 if fit.kept else 1)]
        assert line.startswith(name)
        shown = [float(text.replace(",", "")) for text in line[len(name) :].split()]
        assert len(shown) == len(fit.kept)
        for figure, place in zip(shown, fit.kept, strict=True):
            value, half = pairs[place]
            digit = 10.0 ** -decimals_of(max(abs(value), abs(half)))
            assert abs(figure - value) <= 0.5 * digit * (1 + 1e-6)
    assert len(set(fit.names)) == len(names)
    below = squeezed(lines)
    for place, column in enumerate(columns):
        assert place in fit.kept or squeezed([column.head]) in below


@settings(max_examples=30)
@given(tables(), st.integers(min_value=60, max_value=200))
def test_columns_leave_by_rank(table, width: int):
    """No column is hidden while one of a higher rank is shown."""
    columns, names, values = table
    rows = [
        TableRow(name=name, cells=[written(*pair) for pair in line])
        for name, line in zip(names, values, strict=True)
    ]
    fit = laid_out("policy", columns, rows, width)
    shown = [columns[place].rank for place in fit.kept]
    assert shown == [] or sorted(shown) == list(range(len(shown)))


@given(
    st.lists(NAMES.map(visible), min_size=1, max_size=8, unique=True), st.integers(min_value=8, max_value=40)
)
def test_cut_names_fit_differ_and_show_the_cut(names: list[str], room: int):
    """A name too wide is cut with …, into the room, and no two names become one."""
    found = shortened(names, room)
    assert len(set(found)) == len(names)
    for name, text in zip(names, found, strict=True):
        assert cell_len(text) <= room
        assert text == name or "…" in text


def test_names_that_differ_in_the_middle_stay_apart():
    """Names alike at both ends are cut elsewhere, and what each stands for is said."""
    names = [f"a-very-long-path/{letter}/and-a-very-long-end.py:Policy" for letter in "xyz"]
    rows = [TableRow(name=name, cells=["1"]) for name in names]
    lines = printed([TableColumn(head="cost", rank=0)], rows, 60)
    assert len({line.split()[0] for line in lines[2:5]}) == 3
    assert all(f"is{name}" in squeezed(lines) for name in names)


@given(FIGURE)
def test_three_digits_are_enough_and_true(value: float):
    """A figure has three significant digits at most and lies within half of its last one."""
    text = significant(value).replace(",", "")
    digits = re.sub(r"\D", "", text).lstrip("0")
    assert len(digits.rstrip("0") if "." not in text else digits) <= 3
    assert float(text) == pytest.approx(value, rel=5.01e-3)


@pytest.mark.parametrize(
    ("value", "half", "shown"),
    [
        (1_359.0, 9.46e-14, ("1,360", "0")),
        (1_825.9, 33.1, ("1,830", "30")),
        (3.267, 0.1553, ("3.27", "0.16")),
        (0.00012, 2.8, ("0", "2.80")),
        (99.96, 0.3, ("100", "0")),
        (-0.0004, 0.0, ("-0.000400", "0")),
    ],
)
def test_a_figure_and_its_interval_have_the_same_last_digit(value, half, shown):
    """What is smaller than the last digit shown is 0, never float noise."""
    assert spread(value, half) == shown
