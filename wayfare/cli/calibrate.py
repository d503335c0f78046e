"""`wayfare calibrate`: a serving profile adapted to one's own measurements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wayfare.cli.exits import WrongInputError
from wayfare.cli.options import OWN_CATALOG, catalog_with

if TYPE_CHECKING:
    from catalogs.serving_profile import ServingProfile


@click.command("calibrate")
@click.argument("points", type=click.Path(path_type=Path))
@click.option("--profile", "name", required=True, metavar="NAME", help="The profile to start from.")
@OWN_CATALOG
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), required=True)
def command(points: Path, name: str, catalog: Path | None, target: Path) -> None:
    """Adapt the serving profile NAME to the measured tpot_ms in POINTS.csv (three points or more).

    Writes a catalog entry; lay it over a scenario's catalog under overrides.serving_profiles.
    """
    from simulator.calibration.adaptation import TooFewPointsError, adapted, domain_of
    from simulator.calibration.domain import box_of, united
    from simulator.calibration.points import Point, point_of, read_rows
    from simulator.calibration.published_errors import groups_of
    from simulator.workload.traces.conversion import write_whole

    facts = catalog_with(catalog)
    start = facts.serving_profile(name)
    found = [point_of(row, facts) for row in read_rows(points)]
    left_out = sorted({reason for reason in found if isinstance(reason, str)})
    usable = [point for point in found if isinstance(point, Point) and point.tpot_s]
    try:
        made = adapted(start, usable, facts)
    except TooFewPointsError as error:
        message = "; ".join([f"{points}: {error}", *left_out])
        raise WrongInputError(message) from None
    version = made.profile.version
    groups = [
        group if group.version else group.model_copy(update={"version": version})
        for group in groups_of(usable)
    ]
    error_text = f"{made.error.tpot_mean:.1%} mean, {made.error.tpot_median:.1%} median"
    told = {
        "name": target.stem,
        "source": f"measured: {points.name}",
        "domain": united(made.profile.domain, box_of(usable)),
        "measured": (*start.measured, *groups),
        "note": f"{name} on {len(usable)} points, TPOT error {error_text}; {domain_of(usable)}",
    }
    write_whole(target, yaml_text(made.profile.model_copy(update=told)).encode())
    for reason in left_out:
        click.echo(f"left out: {reason}", err=True)
    factors = ", ".join(f"{part} x {factor:.2f}" for part, factor in made.factors.items())
    click.echo(f"{factors}\nTPOT error on the points: {error_text}\nwrote {target}")


def yaml_text(profile: ServingProfile) -> str:
    """The profile as an entry under `serving_profiles`, by its name."""
    import yaml

    plain = profile.model_dump(mode="json", exclude={"name", "sources"})
    return yaml.safe_dump({profile.name: plain}, sort_keys=False, width=100)
