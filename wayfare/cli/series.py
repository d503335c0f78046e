"""What commands that read a run folder's metrics share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wayfare.metrics.sinks import RunSamples

RUN_DIR = click.argument("run_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
run_option = click.option("--run", metavar="NAME", help="The label `run`; the folder's name where omitted.")


def samples_in(folder: Path, run: str | None) -> RunSamples:
    """The samples of a run folder, under a name."""
    from wayfare.metrics.archive import read_recording
    from wayfare.metrics.sinks import stamped

    return stamped(read_recording(folder), run or folder.resolve().name)
