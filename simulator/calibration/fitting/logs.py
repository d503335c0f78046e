"""A profile adapted to a log of requests: four factors and, where it shows, the KV room, by replaying it.

Factors of decoding, prompts, sequences and the host's lag minimise the error of the log's times. The first
three are drawn towards a common one, the host's towards 1. The room is looked for where no one logged it, and
kept where times depend on it and are much better met with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import least_squares, minimize

from simulator.calibration.fitting.adaptation import FACTOR_LIMITS, PARTS, common_limits, rescaled
from simulator.calibration.predicted.open_loop import replayed
from simulator.calibration.predicted.times import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from catalogs import Catalog
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.measured.points import Point
    from simulator.calibration.measured.request_log import RequestLog

    Column = NDArray[np.float64]
    PointDecoder = Callable[[Column], tuple[Column, float | None]]
    """Factors and room that a search's place stands for."""

GROUPS: dict[str, tuple[str, ...]] = {
    "decode": (*PARTS["weights"], *PARTS["cache"], *PARTS["steps"]),
    "prompts": PARTS["prompts"],
    "sequences": PARTS["sequences"],
    "host": ("output_s", "first_steps"),
}
WORK = 3
"""The first groups: an engine's work, which is faster or slower as a whole."""
RIDGE = 0.005
"""Weight of a factor's squared logarithmic distance from where it is drawn to, beside the error; beside
squares of errors it is 2 x error x that much, so that either falls as fast."""
TENTHS, LEAST_OF_A_GROUP = 10, 5
COMMON = np.linspace(np.log(0.25), np.log(4.0), 17)
"""Logarithms of the common factors that a search begins with, 1 among them."""
COARSE = COMMON[::2]
"""Those among which a room is chosen to begin with."""
ROOMS = np.linspace(0.6, 1.4, 9)
"""Shares of the tokens under way by the log among which a room is looked for first."""
SLOPES, SIMPLICES = (0.1, 0.1, 0.03), (0.05, 0.02)
"""Widths of steps, in logarithms, one search after the other."""
MOST_STEPS, MOST_REPLAYS = 15, 150
MOST_MOVE = 0.5
"""How far a search may lead a logarithm: where a log says nothing of a factor, squares lead anywhere."""
MOST_LOG = float(np.log(FACTOR_LIMITS[1]))
MUCH_BETTER = 0.9
"""A room is kept where the error falls below so much of that without, and rises so much without it."""
BLOCK_TOKENS = 16
KINDS = ("TTFT", "TPOT", "E2E")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogError:
    """How far replayed times are from a log's: `error` is what a fit minimises, `means` are signed."""

    error: float
    means: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAdaptation:
    """The adapted profile and its factors; the room where the log showed it, tokens."""

    profile: ServingProfile
    factors: dict[str, float]
    kv_room_tokens: int | None


def adapted_to_log(made: ServingProfile, log: RequestLog, point: Point, catalog: Catalog) -> LogAdaptation:
    """The profile adapted to a log of a deployment: the configuration of `point`, which has its limits."""
    search = Search(made=made, log=log, point=point, catalog=catalog)
    logs, room = search.best(None), None
    if point.kv_room_tokens is None and (found := search.best_with_room(logs)) is not None:
        logs, room = found
    factors = dict(zip(GROUPS, np.exp(logs).tolist(), strict=True))
    profile = rescaled(multiplied(made, logs), [point], 1.0)
    profile = profile.model_copy(update=common_limits([point]))
    return LogAdaptation(profile=profile, factors=factors, kv_room_tokens=room)


def log_error(profile: ServingProfile, log: RequestLog, point: Point, catalog: Catalog) -> LogError:
    """The errors of a profile on the times that a log has; all its requests are replayed."""
    ours, theirs = replayed_s(profile, log, point, catalog), log.times_s
    means = {
        kind: float(a[seen].mean() / b[seen].mean() - 1.0)
        for kind, a, b in zip(KINDS, ours, theirs, strict=True)
        if (seen := np.isfinite(b)).any()
    }
    return LogError(error=distance(ours, theirs, log.input_tokens), means=means)


def with_room(point: Point, tokens: int | None) -> Point:
    """The configuration with a KV room found by replaying, where one was."""
    return point if tokens is None else replace(point, kv_room_tokens=tokens)


def replayed_s(profile: ServingProfile, log: RequestLog, point: Point, catalog: Catalog) -> Column:
    """TTFT, TPOT and E2E of the log's requests by the profile, a row each, seconds."""
    spec = spec_of(point, catalog, profile)
    longest = int((log.input_tokens + log.output_tokens).max())
    spec = replace(spec, kv_room_tokens=max(spec.kv_room_tokens, longest))
    times = replayed(spec, log.begin_s, log.input_tokens, log.output_tokens)
    gaps = np.maximum(log.output_tokens - 1, 1)
    return np.stack([times.ttft_s, (times.e2e_s - times.ttft_s) / gaps, times.e2e_s])


def distance(ours: Column, theirs: Column, prompts: NDArray[np.int64]) -> float:
    """The weighted mean absolute relative error of all groups."""
    errors, weights = group_errors(ours, theirs, prompts)
    return float(weights @ np.abs(errors))


def group_errors(ours: Column, theirs: Column, prompts: NDArray[np.int64]) -> tuple[Column, Column]:
    """Relative errors of groups' means and medians, and their weights, which add up to 1.

    Half is the whole log's means. Half are tenths of the requests whose time was seen: as they began, which
    shows queues, and by length of their prompts, which tells the time of prompts from the host's.
    """
    whole: list[float] = []
    parts: list[float] = []
    for a, b in zip(ours, theirs, strict=True):
        seen = np.flatnonzero(np.isfinite(b))
        if not len(seen):
            continue
        whole.append(a[seen].mean() / b[seen].mean() - 1.0)
        for order in (seen, seen[np.argsort(prompts[seen], kind="stable")]):
            for part in np.array_split(order, max(min(TENTHS, len(seen) // LEAST_OF_A_GROUP), 1)):
                parts += [figure(a[part]) / figure(b[part]) - 1.0 for figure in (np.mean, np.median)]
    weights = [np.full(len(kind), 0.5 / len(kind)) for kind in (whole, parts)]
    return np.array([*whole, *parts]), np.concatenate(weights)


def multiplied(made: ServingProfile, logs: Column) -> ServingProfile:
    """The profile with each group's coefficients times its factor, given as a logarithm."""
    changed: dict[str, object] = {
        name: value * factor
        for names, factor in zip(GROUPS.values(), np.exp(logs).tolist(), strict=True)
        for name in names
        if (value := getattr(made, name)) is not None
    }
    host = float(np.exp(logs[-1]))
    changed["first_steps_of"] = {name: steps * host for name, steps in made.first_steps_of.items()}
    return made.model_copy(update=changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A derivative-free search for the factors that meet a log best."""

    made: ServingProfile
    log: RequestLog
    point: Point
    catalog: Catalog

    def best(self, room: float | None) -> Column:
        """Logarithms of the factors at a room: from the best common factor on, or those of no change."""
        start = min(commons(COMMON), key=lambda logs: self.cost(logs, room))
        found = self.descended(start, lambda at: (at, room))
        return min((np.zeros(len(GROUPS)), found), key=lambda logs: self.cost(logs, room))

    def best_with_room(self, logs: Column) -> tuple[Column, int] | None:
        """Factors and room where the log shows it: much better met with it, and worse met with twice it."""
        rooms = resident_tokens(self.log) * ROOMS
        first = float(min(rooms, key=lambda room: min(self.cost(at, room) for at in commons(COARSE))))
        start = np.append(self.best(first), np.log(first))
        found = self.descended(start, lambda at: (at[:-1], float(np.exp(at[-1]))))
        factors, room = found[:-1], float(np.exp(found[-1]))
        needed = min(self.error(logs, None), self.error(factors, 2.0 * room))
        return (factors, blocks(room)) if self.error(factors, room) < MUCH_BETTER * needed else None

    def descended(self, start: Column, told: PointDecoder) -> Column:
        """Where least squares lead from a start, then simplices (Nelder and Mead 1965), ever smaller.

        Replayed times jump a little everywhere: slopes are taken over wide steps.
        """
        at = start
        for step in SLOPES:
            ridge = 2.0 * RIDGE * self.error(*told(at))
            at = squares_least(partial(self.residuals_at, told, ridge), at, step)
            at[: len(GROUPS)] = np.clip(at[: len(GROUPS)], -MOST_LOG, MOST_LOG)
        return polished(lambda x: self.cost(*told(x)), at)

    def groups(self, logs: Column, room: float | None) -> tuple[Column, Column]:
        """Errors and weights of groups at these factors, with a room in the place of the point's."""
        point = with_room(self.point, None if room is None else blocks(room))
        ours = replayed_s(multiplied(self.made, logs), self.log, point, self.catalog)
        return group_errors(ours, self.log.times_s, self.log.input_tokens)

    def error(self, logs: Column, room: float | None) -> float:
        """The error at these factors and room."""
        errors, weights = self.groups(logs, room)
        return float(weights @ np.abs(errors))

    def cost(self, logs: Column, room: float | None) -> float:
        """The error and what the factors' distances cost; without end beyond the limits."""
        if np.abs(logs).max() > MOST_LOG:
            return np.inf
        return self.error(logs, room) + RIDGE * float((away(logs) ** 2).sum())

    def residuals_at(self, told: PointDecoder, ridge: float, place: Column) -> Column:
        """The same at a place of a search, as terms of a sum of squares."""
        logs, room = told(place)
        errors, weights = self.groups(logs, room)
        return np.concatenate([np.sqrt(weights) * errors, np.sqrt(ridge) * away(logs)])


def away(logs: Column) -> Column:
    """How far factors are from where they are drawn to: work from its common factor, the host from 1."""
    work = logs[:WORK]
    return np.append(work - work.mean(), logs[WORK])


def commons(logs: Column) -> list[Column]:
    """Factors that are alike for all work, and the host as it is."""
    return [np.array([common] * WORK + [0.0]) for common in logs]


def squares_least(residuals: Callable[[Column], Column], start: Column, step: float) -> Column:
    """Where the sum of squares is least near a start, slopes taken over a step to both sides."""

    def slopes(at: Column) -> Column:
        sides = [(residuals(at + step * one), residuals(at - step * one)) for one in np.eye(len(at))]
        return np.stack([(after - before) / (2.0 * step) for after, before in sides], axis=1)

    found = least_squares(residuals, start, jac=slopes, max_nfev=MOST_STEPS).x
    return np.clip(found, start - MOST_MOVE, start + MOST_MOVE)


def polished(cost: Callable[[Column], float], start: Column) -> Column:
    """Where simplices lead from a start, each smaller than the one before."""
    at = start
    for step in SIMPLICES:
        simplex = np.vstack([at, at + step * np.eye(len(at))])
        at = minimize(
            cost, at, method="Nelder-Mead",
            options={"initial_simplex": simplex, "xatol": 1e-3, "fatol": 1e-5, "maxfev": MOST_REPLAYS},
        ).x  # fmt: skip
    return at


def blocks(tokens: float) -> int:
    """Tokens in whole blocks of a cache, one at least."""
    return max(int(tokens // BLOCK_TOKENS), 1) * BLOCK_TOKENS


def resident_tokens(log: RequestLog) -> float:
    """Tokens of context under way by the log while answers came: the 90th percentile over its instants."""
    seen = np.isfinite(log.last_s)
    first_s, last_s = log.first_s[seen], log.last_s[seen]
    spans = np.maximum(last_s - first_s, 1e-9)
    shares = (first_s[:, np.newaxis] - first_s) / spans
    held = log.input_tokens[seen] + log.output_tokens[seen] * shares
    running = (shares >= 0.0) & (shares <= 1.0)
    return float(np.percentile(np.where(running, held, 0.0).sum(axis=1), 90))
