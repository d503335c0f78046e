"""Paths of `--set`: steps with dots between them; a step with dots in it is quoted, or its dots escaped."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_CHARACTERS = 2_000
"""Characters of a path."""
MOST_STEPS = 32
QUOTES = "\"'"


class SettingPathError(ValueError):
    """A path that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class PathSegment:
    """A step of a path; a quoted or escaped one is taken as it stands."""

    text: str
    exact: bool


@dataclass(slots=True)
class PathReader:
    """What was read of a setting so far."""

    steps: list[PathSegment] = field(default_factory=list)
    text: str = ""
    exact: bool = False

    def end_step(self) -> None:
        """Ends a step; an empty one that was not quoted names nothing.

        Raises:
            SettingPathError: it is empty, or there are too many.
        """
        if not self.text.strip() and not self.exact:
            message = 'an empty step; write a.b.c=value, and quote names with dots: a."b.c"=value'
            raise SettingPathError(message)
        if len(self.steps) >= MOST_STEPS:
            message = f"a path has at most {MOST_STEPS} steps"
            raise SettingPathError(message)
        self.steps.append(PathSegment(self.text if self.exact else self.text.strip(), self.exact))
        self.text, self.exact = "", False


def split_setting(setting: str) -> tuple[list[PathSegment], str]:
    """The steps of a setting's path, and the text of its value.

    Raises:
        SettingPathError: there is no `=`, or the path cannot be read.
    """
    reading, place = PathReader(), 0
    while place < len(setting):
        if place > MOST_CHARACTERS:
            message = f"a path has at most {MOST_CHARACTERS:,} characters"
            raise SettingPathError(message)
        letter = setting[place]
        if letter == "=":
            reading.end_step()
            return reading.steps, setting[place + 1 :]
        place = read_letter(reading, setting, place)
    message = "write path=value"
    raise SettingPathError(message)


def read_letter(reading: PathReader, setting: str, place: int) -> int:
    """Reads a letter, an escaped one, a dot or a quoted step; returns the place after it."""
    letter = setting[place]
    if letter == ".":
        reading.end_step()
    elif letter == "\\":
        reading.text += setting[place + 1 : place + 2]
        reading.exact = True
        return place + 2
    elif letter in QUOTES and not reading.text.strip():
        return read_quoted(reading, setting, place)
    else:
        reading.text += letter
    return place + 1


def read_quoted(reading: PathReader, setting: str, place: int) -> int:
    """Reads a quoted step; returns the place after its closing quote."""
    end = setting.find(setting[place], place + 1, place + MOST_CHARACTERS)
    if end < 0:
        message = f"the quote {setting[place]} is not closed"
        raise SettingPathError(message)
    if setting[end + 1 : end + 2] not in (".", "="):
        message = "a quoted step ends at its quote; write . or = after it"
        raise SettingPathError(message)
    reading.text, reading.exact = setting[place + 1 : end], True
    return end + 1
