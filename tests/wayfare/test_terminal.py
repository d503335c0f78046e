"""The terminal: widths and attributes by its environment, other people's words as they are."""

from __future__ import annotations

import io

import pytest

from wayfare.render.terminal.console import PIPED_WIDTH, console, visible


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """None of the variables that change how a console writes."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)


def output(**style: str) -> str:
    """What a console writes of a text in a style."""
    stream = io.StringIO()
    console(stream).print("text", **style)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("stated", "width"), [(None, PIPED_WIDTH), ("63", 63), ("wide", PIPED_WIDTH), ("3", 20)]
)
def test_pipes_are_as_wide_as_columns_says(monkeypatch, stated, width):
    """`COLUMNS` holds where there is no terminal to ask; nonsense does not."""
    if stated is not None:
        monkeypatch.setenv("COLUMNS", stated)
    assert console(io.StringIO()).width == width


def test_no_color_means_no_attributes(monkeypatch):
    """`NO_COLOR` leaves no escape sequence, not even bold, whatever else is forced."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1m" in output(style="bold")
    monkeypatch.setenv("NO_COLOR", "1")
    assert output(style="bold") == "text\n"


@pytest.mark.parametrize(
    "hostile", ["[red]name", "[/]", ":smile:", "\x1b[31mred", "\x9b31m", "a\u202eb", "\x07", "\udc80"]
)
def test_other_peoples_words_are_shown_not_obeyed(hostile):
    """Mark-up stays text; control characters are written out."""
    stream = io.StringIO()
    console(stream).print(hostile)
    text = stream.getvalue()
    assert text == f"{visible(hostile)}\n"
    assert all(character.isprintable() for character in text[:-1])


def test_plain_words_stay():
    """Letters of any script and signs are left alone."""
    assert visible("模型-é ±3 €") == "模型-é ±3 €"
    assert visible("\x1b[0m\n") == "\\x1b[0m\\n"
