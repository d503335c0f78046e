"""`wayfare export`: a run's metrics as a file."""

from __future__ import annotations

from pathlib import Path

import click

from wayfare.cli.series import RUN_DIR, samples_in, series_options


@click.group("export")
def command() -> None:
    """Write what a run folder holds in other programs' formats."""


@command.command("openmetrics")
@RUN_DIR
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write.",
)
@series_options
def openmetrics(
    run_dir: Path,
    target: Path,
    run: str | None,
    vllm_metrics: bool,  # noqa: FBT001  (a flag of the command line)
) -> None:
    """Write the metrics of RUN_DIR with simulated timestamps, for `promtool tsdb create-blocks-from`."""
    from wayfare.metrics.openmetrics import OpenMetricsFile

    samples = samples_in(run_dir, run, vllm=vllm_metrics)
    OpenMetricsFile(target).take(samples)
    click.echo(f"wrote {target}: {samples.told()}")
