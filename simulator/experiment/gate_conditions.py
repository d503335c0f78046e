"""Conditions under which a policy must not go to production: read from text, all problems at once."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from catalogs.errors import InputProblem
from catalogs.near_names import did_you_mean, shown
from simulator.report.report import COMPARED, FIGURES

if TYPE_CHECKING:
    from collections.abc import Sequence

BASELINE = "baseline"
"""What stands for the same figure of the policy that others are held against."""
FORM = "a condition is FIGURE > LIMIT (or >=, <, <=), LIMIT a number or such as 1.05 * baseline + 0.2"
USUAL = f"docs/reference/figures.md has all, such as {', '.join(COMPARED)}"
LONGEST = 200
"""Characters of a condition."""
OPERATORS: dict[type[ast.cmpop], str] = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}


class InvalidGateError(ValueError):
    """Conditions that cannot be judged; lists what is wrong with each."""

    def __init__(self, problems: tuple[InputProblem, ...]) -> None:
        """Keeps the problems."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCondition:
    """Fails a policy whose `figure` is beyond `factor` times the baseline's plus `offset`.

    `operator` is one of `>`, `>=`, `<`, `<=`; `figure` a path of the report. A `factor` of 0 has no baseline.
    """

    text: str
    figure: str
    operator: str
    factor: float
    offset: float

    @property
    def needs_baseline(self) -> bool:
        """Whether another policy's figure is part of the limit."""
        return self.factor != 0.0

    @property
    def sign(self) -> float:
        """1 where more is a failure, -1 where less is."""
        return 1.0 if self.operator in (">", ">=") else -1.0

    @property
    def strict(self) -> bool:
        """Whether a figure at the limit still passes."""
        return self.operator in (">", "<")


class _MalformedError(ValueError):
    """Says what of a condition cannot be read."""


def read_conditions(texts: Sequence[str]) -> tuple[GateCondition, ...]:
    """The conditions of texts such as `cost_usd.per_request > 1.05 * baseline`.

    Raises:
        InvalidGateError: lists every text that is no condition, and every unknown figure.
    """
    found, problems = [], []
    for text in texts:
        try:
            found.append(condition_of(text))
        except _MalformedError as error:
            problems.append(InputProblem("--fail-if", shown(text), str(error)))
    if problems:
        raise InvalidGateError(tuple(problems))
    return tuple(found)


def condition_of(text: str) -> GateCondition:
    """One condition; raises `_MalformedError`."""
    comparison = comparison_of(text)
    operator = OPERATORS.get(type(comparison.ops[0]))
    if operator is None or len(comparison.ops) > 1:
        raise _MalformedError(FORM)
    factor, offset = linear(comparison.comparators[0])
    if not (isfinite(factor) and isfinite(offset)):
        raise _MalformedError(f"the limit is not finite; {FORM}")
    return GateCondition(
        text=text, figure=figure_of(comparison.left), operator=operator, factor=factor, offset=offset
    )


def comparison_of(text: str) -> ast.Compare:
    """The text as a comparison."""
    if len(text) > LONGEST:
        raise _MalformedError(f"longer than {LONGEST} characters; {FORM}")
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _MalformedError(FORM) from None
    if not isinstance(parsed, ast.Compare):
        raise _MalformedError(FORM)
    return parsed


def figure_of(node: ast.expr) -> str:
    """The path of a figure that every report has."""
    path = ast.unparse(node)
    known = [figure.path for figure in FIGURES if "*" not in figure.path]
    if path not in known:
        near = did_you_mean(path, known)
        raise _MalformedError(
            f"unknown figure {shown(path)}; {near}docs/reference/figures.md has all; {USUAL}"
        )
    return path


def linear(node: ast.expr) -> tuple[float, float]:
    """Factor and offset of a limit: a number, `baseline`, or sums and multiples of them."""
    match node:
        case ast.Constant(value=bool()):
            raise _MalformedError(FORM)
        case ast.Constant(value=int() | float() as number):
            return 0.0, float(number)
        case ast.Name(id=name) if name == BASELINE:
            return 1.0, 0.0
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            factor, offset = linear(inner)
            return -factor, -offset
        case ast.BinOp(left=left, op=operator, right=right):
            return combined(linear(left), operator, linear(right))
    raise _MalformedError(f"{ast.unparse(node)!r} is neither a number nor {BASELINE!r}; {FORM}")


def combined(
    left: tuple[float, float], operator: ast.operator, right: tuple[float, float]
) -> tuple[float, float]:
    """Sum, difference, multiple or part of two limits."""
    match operator:
        case ast.Add():
            return left[0] + right[0], left[1] + right[1]
        case ast.Sub():
            return left[0] - right[0], left[1] - right[1]
        case ast.Mult() if not left[0]:
            return left[1] * right[0], left[1] * right[1]
        case ast.Mult() if not right[0]:
            return left[0] * right[1], left[1] * right[1]
        case ast.Div() if not right[0] and right[1]:
            return left[0] / right[1], left[1] / right[1]
    raise _MalformedError(f"a limit is linear in {BASELINE!r}; {FORM}")
