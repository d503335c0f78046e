"""SQL for what a cell says: a grade, a count of tokens, an amount, a score; and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from simulator.tables import number, text
from simulator.tables.reading import quoted
from simulator.tables.values import MOST_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["grade", "count", "amount", "score"]

RIGHT: Final = ("true", "t", "yes", "correct", "right")
WRONG: Final = ("false", "f", "no", "incorrect", "wrong")
ABSENT: Final = ("nan", "na", "n/a", "null", "none", "-")
"""Texts that stand for an empty cell."""
SHOWN_CHARACTERS: Final = 60
CHARACTERS_PER_TOKEN: Final = 3.1
"""Of an answer's text: 3.49 in 40,800 answers to CRUXEval and 2.78 in 30,692 to MATH-L5 (ZeroEval 8c1485e,
tokens by cl100k_base)."""
UNREADABLE: Final = "-1.0"
"""What a cell that is there and says nothing becomes; no kind of cell allows it."""
NOT_A_NUMBER: Final = "'nan'::DOUBLE"
USUAL_GRADES: Final = (
    *((word, "1.0") for word in ("1", "1.0", "True", "true")),
    *((word, "0.0") for word in ("0", "0.0", "False", "false")),
)
"""Grades as most files spell them, looked up before any other."""
ALLOWED: Final[Mapping[Kind, str]] = {
    "grade": "it must be 0 or 1",
    "count": "it must be a whole number from 0 to 2^31 - 1",
    "amount": "it must be a number from 0 on",
    "score": "it must be a number",
}
NEITHER: Final = (
    "'; a graded answer is neither right nor wrong; "
    "quality.right_from: 0.5 counts it as right from one half on"
)


def listed(words: Iterable[str]) -> str:
    """Words as an SQL list."""
    return f"({', '.join(map(quoted, words))})"


def grade(field: str) -> str:
    """1 for right, 0 for wrong, a number in between for a graded answer; NULL for none."""
    word = f"LOWER(TRIM({field}))"
    return (
        f"CASE {word} WHEN '1' THEN 1.0 WHEN '0' THEN 0.0 ELSE "
        f"CASE WHEN {word} IN {listed(RIGHT)} THEN 1.0 WHEN {word} IN {listed(WRONG)} THEN 0.0 "
        f"ELSE {number(f'TRIM({field})')} END END"
    )


def absent(field: str) -> str:
    """Whether a cell is empty, or says that it is."""
    return f"({text(field)} IS NULL OR LOWER(TRIM({field})) IN {listed(ABSENT)})"


def flagged(field: str) -> str:
    """Whether a flag is set."""
    return f"COALESCE({grade(field)} = 1.0, false)"


def text_tokens(field: str) -> str:
    """Tokens of a text, estimated from its characters."""
    tokens = f"CAST(CEIL(LENGTH({field}) / {CHARACTERS_PER_TOKEN}) AS BIGINT)"
    return f"CAST({tokens} AS VARCHAR)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerField:
    """A column of the file: what messages call it, SQL for its text, and what its cells hold.

    Where it is not `required`, a cell may be empty.
    """

    name: str
    sql: str
    kind: Kind
    required: bool = False

    @property
    def value(self) -> str:
        """SQL for the cell's number: NULL where empty, a number that no kind allows where unreadable.

        What most cells say is tried first: DuckDB evaluates the rest for the others alone.
        """
        said = grade(self.sql) if self.kind == "grade" else number(f"TRIM({self.sql})")
        bad = NOT_A_NUMBER if self.kind == "score" else UNREADABLE
        careful = f"CASE WHEN {absent(self.sql)} THEN NULL ELSE COALESCE({said}, {bad}) END"
        if self.kind == "grade":
            usual = "".join(f"WHEN {quoted(word)} THEN {value} " for word, value in USUAL_GRADES)
            return f"CASE {self.sql} {usual}ELSE {careful} END"
        return f"COALESCE(NULLIF({number(self.sql)}, {NOT_A_NUMBER}), {careful})"

    def fault(self, alias: str, right_from: float | None) -> str:
        """SQL for whether the value under that name is wrong."""
        if self.kind == "grade":
            allowed = f"{alias} IN (0.0, 1.0)" if right_from is None else f"{alias} BETWEEN 0.0 AND 1.0"
        elif self.kind == "count":
            allowed = f"({alias} BETWEEN 0.0 AND {MOST_COUNT} AND {alias} = FLOOR({alias}))"
        elif self.kind == "amount":
            allowed = f"({alias} >= 0.0 AND isfinite({alias}))"
        else:
            allowed = f"isfinite({alias})"
        return f"NOT COALESCE({allowed}, {'false' if self.required else 'true'})"

    def said(self, alias: str) -> str:
        """SQL for what is wrong with a value that is, repeating the cell on one line."""
        cell = f"REPLACE(LEFT(COALESCE(TRIM({self.sql}), ''), {SHOWN_CHARACTERS}), chr(10), ' ')"
        why = quoted(f"'; {ALLOWED[self.kind]}")
        if self.kind == "grade":
            between = f"{alias} > 0.0 AND {alias} < 1.0"
            why = f"CASE WHEN {between} THEN {quoted(NEITHER)} ELSE {why} END"
        opening = quoted(f"{self.name} is '")
        return f"{opening} || {cell} || {why}"
