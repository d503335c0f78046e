"""`wayfare push`: a run's metrics into a Prometheus."""

from __future__ import annotations

from pathlib import Path

import click

from wayfare.cli.series import RUN_DIR, samples_in, series_options


@click.command("push")
@RUN_DIR
@click.option(
    "--remote-write", "url", metavar="URL", required=True,
    help="The receiver, e.g. http://127.0.0.1:9090/api/v1/write.",
)  # fmt: skip
@series_options
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="A bearer token to send.",
)
@click.option("--quiet", is_flag=True, help="No progress bar.")
def command(
    run_dir: Path,
    url: str,
    run: str | None,
    vllm_metrics: bool,  # noqa: FBT001  (a flag of the command line)
    token_file: Path | None,
    quiet: bool,  # noqa: FBT001  (as above)
) -> None:
    """Send the metrics of RUN_DIR to a Prometheus by remote write, with simulated timestamps."""
    from wayfare.metrics.remote_write.client import RemoteWriter
    from wayfare.render.terminal.progress import observer

    token = token_file.read_text(encoding="utf-8").strip() if token_file else ""
    writer = RemoteWriter(url=url, token=token, observer=observer(quiet=quiet))
    samples = samples_in(run_dir, run, vllm=vllm_metrics)
    writer.take(samples)
    click.echo(f"pushed {samples.told()}")
