"""Sweeps: a knob's values in one line of text, and the variants of policies that they make.

`policy.threshold=0.1..0.9/9` is nine values evenly apart, `policy.after_s=0.1..10/7log` seven by equal
factors, `policy.threshold=0.1,0.3,0.5` a list. Several sweeps make every combination of their values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from math import isfinite, prod
from typing import TYPE_CHECKING

from catalogs.errors import InputProblem
from catalogs.near_names import did_you_mean
from catalogs.reader import parse_yaml
from router.variants import knob_types, pieces, read_variant, short
from simulator.scenario.errors import InvalidScenarioError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from router.variants import PolicyVariant

SWEEP = "--sweep"
"""What sweeps are called in messages."""
POLICY_PATH = "policy."
FORM = "PATH=FIRST..LAST/COUNT, FIRST..LAST/COUNTlog or A,B,C"
ALLOWED_PATHS = {POLICY_PATH: "policy.KNOB, a knob of the policies compared"}
"""What a path may begin with, and what it then leads to."""
RANGE = re.compile(r"(.+?)\.\.(.+?)/\s*(\d{1,9})\s*(log)?")
LEAST_VALUES, MOST_VARIANTS = 2, 200
DIGITS = 12
"""Significant digits that the values of a range are rounded to."""


class InvalidSweepError(InvalidScenarioError):
    """A sweep that cannot be run; lists every problem found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A knob and the values it is to take; of a `range` for whole numbers, the nearest whole ones."""

    path: str
    values: tuple[object, ...]
    is_range: bool

    @property
    def knob(self) -> str:
        """The knob's own path, within the policy's parameters."""
        return self.path.removeprefix(POLICY_PATH)

    def values_for(self, kind: str) -> tuple[object, ...]:
        """The values for a knob of a declared type, each once."""
        words = set(re.findall(r"\w+", kind))
        if not self.is_range or "int" not in words or "float" in words:
            return self.values
        return tuple(dict.fromkeys(round(value) for value in self.values if isinstance(value, int | float)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSeries:
    """The variants of one policy along one sweep: all else set alike. `points` are values and labels."""

    path: str
    policy: str
    points: tuple[tuple[object, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySelection:
    """Labels of the variants to compare, in order, and the series among them."""

    labels: tuple[str, ...]
    series: tuple[SweepSeries, ...] = ()


def selected(policies: Sequence[str], sweeps: Sequence[str]) -> PolicySelection:
    """The policies, each that has a knob which is swept in the variants of the sweep.

    Raises:
        InvalidSweepError: lists every sweep that cannot be read, or that no policy has the knob of.
        RouterError: a policy's own knobs cannot be read.
    """
    read, problems = read_all(sweeps)
    variants = [read_variant(text) for text in dict.fromkeys(policies)]
    problems += [problem for sweep in read for problem in misplaced(sweep, variants)]
    count = sum(prod(map(len, lengths_of(variant, read))) for variant in variants)
    if sweeps and count > MOST_VARIANTS:
        what = f"{count:,} variants; at most {MOST_VARIANTS} are compared. Give fewer values"
        problems.append(InputProblem(SWEEP, "", what))
    if problems:
        raise InvalidSweepError(tuple(dict.fromkeys(problems)))
    parts = [expanded(variant, read) for variant in variants]
    labels = dict.fromkeys(label for part in parts for label in part.labels)
    return PolicySelection(labels=tuple(labels), series=tuple(one for part in parts for one in part.series))


def read_all(sweeps: Sequence[str]) -> tuple[list[Sweep], list[InputProblem]]:
    """The sweeps that can be read, and what is wrong with the others."""
    read: list[Sweep] = []
    problems: list[InputProblem] = []
    for text in sweeps:
        path = text.partition("=")[0].strip()
        try:
            if path in {sweep.path for sweep in read}:
                raise ValueError("swept twice; put all its values into one sweep")  # noqa: TRY301  (one way out for all that is wrong)
            read.append(read_sweep(text))
        except ValueError as error:
            problems.append(InputProblem(SWEEP, path, str(error)))
    return read, problems


def read_sweep(text: str) -> Sweep:
    """The sweep that a text stands for.

    Raises:
        ValueError: it stands for none; the message says what is allowed.
    """
    path, equals, values = (part.strip() for part in text.partition("="))
    if not any(path.startswith(begin) and path != begin for begin in ALLOWED_PATHS):
        allowed = ", ".join(ALLOWED_PATHS.values())
        raise ValueError(f"cannot be swept; allowed: {allowed}")
    if not equals or not values:
        raise ValueError(f"no values; write {FORM}")
    found = RANGE.fullmatch(values)
    read = ranged(*found.groups()) if found else listed(values)
    return Sweep(path=path, values=read, is_range=found is not None)


def ranged(first: str, last: str, count: str, log: str | None) -> tuple[object, ...]:
    """The values from `first` to `last`: a + (b - a) i/(n - 1), or a (b/a)^(i/(n - 1)) by equal factors.

    Raises:
        ValueError: the ends are no two numbers, or there are too few or too many values.
    """
    low, high, number = number_in(first), number_in(last), int(count)
    if number < LEAST_VALUES or low == high:
        raise ValueError(f"{first}..{last}/{count} is one value; at least {LEAST_VALUES} are needed")
    if number > MOST_VARIANTS:
        raise ValueError(f"{number:,} variants; at most {MOST_VARIANTS} are compared. Give fewer values")
    if log and (low <= 0.0 or high <= 0.0):
        raise ValueError(f"{first}..{last} by equal factors needs ends above 0")
    shares = [place / (number - 1) for place in range(number)]
    exact = [low * (high / low) ** share if log else low + (high - low) * share for share in shares]
    return tuple(short(float(f"{value:.{DIGITS}g}")) for value in exact)


def number_in(text: str) -> float:
    """The number in a text.

    Raises:
        ValueError: it is none, or it is not finite.
    """
    value = parse_yaml(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{text.strip()!r} is no number; write {FORM}")
    return float(value)


def listed(text: str) -> tuple[object, ...]:
    """The values of a list, in its order.

    Raises:
        ValueError: there are too few, or some are no YAML or there twice.
    """
    values = [short(parse_yaml(piece)) for piece in pieces(text) if piece.strip()]
    if len(values) < LEAST_VALUES:
        raise ValueError(f"{text!r} is one value; at least {LEAST_VALUES} are needed: {FORM}")
    if len(set(map(repr, values))) < len(values):
        raise ValueError(f"{text!r} names a value twice")
    return tuple(values)


def misplaced(sweep: Sweep, variants: Sequence[PolicyVariant]) -> Iterator[InputProblem]:
    """That no policy has the knob of a sweep, or that one states it as well."""
    knobs = {variant.policy: knob_types(variant.policy) for variant in variants}
    loaded = {policy: tuple(types) for policy, types in knobs.items() if types is not None}
    if len(loaded) == len(knobs):
        yield from unknown_knobs(sweep, loaded)
    for variant in variants:
        if sweep.knob in dict(variant.knobs):
            what = f"--policy {variant.label} sets {sweep.knob!r} as well; leave one out"
            yield InputProblem(SWEEP, sweep.path, what)


def unknown_knobs(sweep: Sweep, knobs: Mapping[str, Sequence[str]]) -> Iterator[InputProblem]:
    """That none of the policies, with the knobs each has, has the one of a sweep."""
    known = list(dict.fromkeys(name for names in knobs.values() for name in names))
    head = sweep.knob.partition(".")[0]
    if head in known:
        return
    parts = [f"{policy} has {', '.join(map(repr, names)) or 'none'}" for policy, names in knobs.items()]
    what = f"no policy compared has a knob {head!r}; {did_you_mean(head, known)}{'; '.join(parts)}"
    yield InputProblem(SWEEP, sweep.path, what)


def applying(variant: PolicyVariant, sweeps: Sequence[Sweep]) -> list[tuple[Sweep, tuple[object, ...]]]:
    """The sweeps whose knob a variant's policy has, with the values it is to take."""
    types = (knob_types(variant.policy) if sweeps else None) or {}
    heads = [(sweep, sweep.knob.partition(".")) for sweep in sweeps]
    return [
        (sweep, sweep.values_for("" if dot else types[head]))
        for sweep, (head, dot, _rest) in heads
        if head in types
    ]


def lengths_of(variant: PolicyVariant, sweeps: Sequence[Sweep]) -> list[tuple[object, ...]]:
    """The values of each sweep that applies to a variant."""
    return [values for _sweep, values in applying(variant, sweeps)]


def expanded(variant: PolicyVariant, sweeps: Sequence[Sweep]) -> PolicySelection:
    """A variant in every combination of the values of the sweeps that apply to it."""
    found = applying(variant, sweeps)
    knobs = [sweep.knob for sweep, _values in found]
    settings = [
        dict(zip(knobs, values, strict=True)) for values in product(*(values for _sweep, values in found))
    ]
    labels = tuple(variant.with_knobs(setting.items()).label for setting in settings)
    series = (one for sweep, _values in found for one in series_along(variant, sweep, settings, labels))
    return PolicySelection(labels=labels, series=tuple(series))


def series_along(
    variant: PolicyVariant, sweep: Sweep, settings: Sequence[dict[str, object]], labels: Sequence[str]
) -> Iterator[SweepSeries]:
    """The series along one sweep: one for each combination of what the other sweeps set."""
    points: dict[str, list[tuple[object, str]]] = {}
    for setting, label in zip(settings, labels, strict=True):
        rest = {knob: value for knob, value in setting.items() if knob != sweep.knob}
        points.setdefault(variant.with_knobs(rest.items()).label, []).append((setting[sweep.knob], label))
    for policy, found in points.items():
        yield SweepSeries(path=sweep.path, policy=policy, points=tuple(found))
