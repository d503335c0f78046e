"""`wayfare calibrate`: a serving profile adapted to one's own measurements."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wayfare.cli.options import OWN_CATALOG, catalog_with
from wayfare.errors import WrongInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from catalogs import Catalog
    from catalogs.measured_groups import MeasuredGroup
    from catalogs.serving_profile import ServingProfile
    from simulator.calibration.fitting.logs import LogAdaptation, LogError
    from simulator.calibration.measured.points import Point
    from simulator.calibration.measured.request_log import RequestLog

    F = TypeVar("F", bound=Callable[..., object])
    Rows = Sequence[tuple[int, dict[str, str]]]

OF_LOGS = (
    click.option("--model", metavar="NAME", help="Of a log: the model that was served."),
    click.option("--accelerator", metavar="NAME", help="Of a log: the chip it was served on."),
    click.option("--precision", metavar="NAME", help="Of a log: precision of the weights (bf16)."),
    click.option("--tensor-parallel", metavar="N", help="Of a log: chips that shared a layer (1)."),
    click.option("--max-num-seqs", metavar="N", help="Of a log: the engine's sequences at once."),
    click.option("--max-num-batched-tokens", metavar="N", help="Of a log: the engine's tokens of a step."),
    click.option("--kv-room-tokens", metavar="N", help="Of a log: KV tokens that the engine reported."),
    click.option(
        "--until", metavar="SECONDS",
        help="Of a log: calibrate on what was known at this time after the first request, judge on the rest.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationResult:
    """A profile ready to be written, what to say of it, and what was left out."""

    profile: ServingProfile
    lines: list[str]
    left_out: list[str]


def log_options(function: F) -> F:
    """Gives a command the options that say how a logged engine was started."""
    for decorate in reversed(OF_LOGS):
        function = decorate(function)
    return function


@click.command("calibrate")
@click.argument("points", type=click.Path(path_type=Path))
@click.option("--profile", "name", required=True, metavar="NAME|FILE", help="The profile to start from.")
@log_options
@OWN_CATALOG
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), required=True)
def command(
    points: Path, name: str, catalog: Path | None, target: Path,
    model: str | None, accelerator: str | None, precision: str | None, tensor_parallel: str | None,
    max_num_seqs: str | None, max_num_batched_tokens: str | None, kv_room_tokens: str | None,
    until: str | None,
) -> None:  # fmt: skip
    """Adapt a serving profile to what was measured in POINTS.

    POINTS has a configuration with its tpot_ms in each row (three or more), or it is the log of one
    engine with a request in each row: arrival_s, input_tokens, output_tokens, first_token_s and
    last_token_s (seconds on one clock; queued_s where the engine says when it queued it).

    Writes a catalog entry; lay it over a scenario's catalog under overrides.serving_profiles. Where the
    profile would be worse on what was measured, nothing is written and the exit code is 2.
    """
    from catalogs.profile_file import profile_by
    from simulator.calibration.measured.points import numbered_rows
    from simulator.calibration.measured.request_log import is_log
    from simulator.traces.conversion import write_whole

    facts = catalog_with(catalog)
    start = profile_by(facts, name)
    names, rows = numbered_rows(points)
    setup = {
        "model": model, "accelerator": accelerator, "precision": precision,
        "tensor_parallel": tensor_parallel, "max_num_seqs": max_num_seqs,
        "max_num_batched_tokens": max_num_batched_tokens, "kv_room_tokens": kv_room_tokens, "until": until,
    }  # fmt: skip
    given = {option: text for option, text in setup.items() if text is not None}
    calibrated = from_log if is_log(names) else from_points
    made = calibrated(points, names, rows, start, facts, given)
    profile = made.profile.model_copy(update={"name": target.stem, "source": f"measured: {points.name}"})
    write_whole(target, yaml_text(profile).encode())
    for reason in made.left_out:
        click.echo(f"left out: {reason}", err=True)
    click.echo("\n".join([*made.lines, f"wrote {target}"]))


def from_points(
    path: Path, names: Sequence[str], rows: Rows, start: ServingProfile, facts: Catalog, given: dict[str, str]
) -> CalibrationResult:
    """The profile adapted to points of a closed loop.

    Raises:
        InvalidPointsError: columns are missing.
        WrongInputError: options are those of logs, the points are too few, or the profile would be worse.
    """
    from simulator.calibration.domain import box_of, united
    from simulator.calibration.fitting.adaptation import TooFewPointsError, adapted, domain_of, error_of
    from simulator.calibration.measured.points import NEEDED, Point, demand_columns, point_of

    demand_columns(path, names, NEEDED)
    demand_none(path, given)
    found = [point_of(row, facts) for _number, row in rows]
    left_out = sorted({reason for reason in found if isinstance(reason, str)})
    usable = [point for point in found if isinstance(point, Point) and point.tpot_s]
    try:
        made = adapted(start, usable, facts)
    except TooFewPointsError as error:
        message = "; ".join([f"{path}: {error}", *left_out])
        raise WrongInputError(message) from None
    before = error_of(start, usable, facts).tpot_mean
    demand_better(f"{path}: mean error of TPOT", start.name, before, made.error.tpot_mean)
    error_text = f"{made.error.tpot_mean:.1%} mean, {made.error.tpot_median:.1%} median"
    told = {
        "domain": united(made.profile.domain, box_of(usable)),
        "measured": (*start.measured, *own_groups(usable, made.profile)),
        "note": f"{start.name} on {len(usable)} points, TPOT error {error_text}; {domain_of(usable)}",
    }
    lines = [
        factors_text(made.factors),
        f"TPOT error on the points: {error_text} ({before:.1%} mean as {start.name!r})",
    ]
    return CalibrationResult(profile=made.profile.model_copy(update=told), lines=lines, left_out=left_out)


def from_log(
    path: Path, names: Sequence[str], rows: Rows, start: ServingProfile, facts: Catalog, given: dict[str, str]
) -> CalibrationResult:
    """The profile adapted to a log of requests.

    Raises:
        InvalidPointsError: lists what is wrong with the options, or with the file.
        WrongInputError: the profile would be worse.
    """
    from simulator.calibration.domain import box_of, united
    from simulator.calibration.fitting.logs import adapted_to_log
    from simulator.calibration.measured.log_setup import LogSetup, corners, log_point
    from simulator.calibration.measured.request_log import request_log

    log, setup = request_log(path, names, rows), LogSetup(**given)
    point = log_point(setup, log, start, facts)
    known = log if setup.until is None else log.until(float(setup.until))
    made = adapted_to_log(start, known, point, facts)
    lines = [factors_text(made.factors)]
    span = "" if setup.until is None else f" until {setup.until} s"
    lines += judged(path, f"on the log{span}", start, made, known, point, facts)
    if setup.until is not None:
        rest = log.after(float(setup.until))
        lines += judged(path, f"on what ended after {setup.until} s", start, made, rest, point, facts)
    told = {
        "domain": united(made.profile.domain, box_of(corners(point, known))),
        "measured": (*start.measured, *own_groups(corners(point, known), made.profile)),
        "note": f"{start.name} on a log of {known.complete} requests; {lines[1]}",
    }
    lines += room_lines(made, start, point, facts)
    return CalibrationResult(profile=made.profile.model_copy(update=told), lines=lines, left_out=[])


def judged(
    path: Path, where: str, start: ServingProfile, made: LogAdaptation,
    log: RequestLog, point: Point, facts: Catalog,
) -> list[str]:  # fmt: skip
    """The errors before and after, in words.

    Raises:
        WrongInputError: the adapted profile is worse.
    """
    from simulator.calibration.fitting.logs import log_error, with_room

    before = log_error(start, log, point, facts)
    after = log_error(made.profile, log, with_room(point, made.kv_room_tokens), facts)
    demand_better(f"{path}: mean error {where}", start.name, before.error, after.error)
    heads = (f"error {where}: {after.error:.1%}", f"{before.error:.1%} as {start.name!r}")
    return [f"{heads[0]}, means {means_text(after)} ({heads[1]}, means {means_text(before)})"]


def room_lines(made: LogAdaptation, start: ServingProfile, point: Point, facts: Catalog) -> list[str]:
    """The room that the log showed, and where to say so: no profile holds it."""
    from simulator.calibration.predicted.times import formula_room_tokens

    room = made.kv_room_tokens
    if room is None:
        return []
    formula = formula_room_tokens(point, facts, start)
    said = f"KV room that fits best: {room:,} tokens (the formula's: {formula:,}); no profile holds it"
    return [f"{said}, set it in scenarios: engine.kv_room_tokens: {room}"]


def own_groups(points: Sequence[Point], profile: ServingProfile) -> list[MeasuredGroup]:
    """The configurations that were measured; of the profile's version where no row tells one."""
    from simulator.calibration.published_errors import groups_of

    return [
        group if group.version else group.model_copy(update={"version": profile.version})
        for group in groups_of(points)
    ]


def demand_none(path: Path, given: dict[str, str]) -> None:
    """Raises `WrongInputError` for options that only a log has."""
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise WrongInputError(f"{path}: has points, whose columns say it; only with a log: {options}")


def demand_better(what: str, name: str, before: float, after: float) -> None:
    """Raises `WrongInputError` where the error became larger."""
    if after > before:
        kept = f"{name!r} is the better profile; nothing is written"
        raise WrongInputError(f"{what}: {before:.2%} as {name!r}, {after:.2%} calibrated; {kept}")


def factors_text(factors: dict[str, float]) -> str:
    """Factors by part in words."""
    return ", ".join(f"{part} x {factor:.2f}" for part, factor in factors.items())


def means_text(error: LogError) -> str:
    """Errors of means by kind in words."""
    return ", ".join(f"{kind} {value:+.1%}" for kind, value in error.means.items())


def yaml_text(profile: ServingProfile) -> str:
    """The profile as an entry under `serving_profiles`, by its name."""
    import yaml

    plain = profile.model_dump(mode="json", exclude={"name", "sources"})
    return yaml.safe_dump({profile.name: plain}, sort_keys=False, width=100)
