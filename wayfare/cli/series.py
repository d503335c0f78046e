"""What commands that read a run folder's metrics share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from wayfare.metrics.sinks import RunSamples

    F = TypeVar("F", bound=Callable[..., object])

RUN_DIR = click.argument("run_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))


def series_options(function: F) -> F:
    """Gives a command the options of how a run appears."""
    vllm = click.option("--vllm-metrics", is_flag=True, help="Add the run under vLLM's names.")
    run = click.option("--run", metavar="NAME", help="The label `run`; the folder's name where omitted.")
    return run(vllm(function))


def samples_in(folder: Path, run: str | None, *, vllm: bool) -> RunSamples:
    """The samples of a run folder, under a name."""
    from wayfare.metrics.archive import read_recording
    from wayfare.metrics.sinks import stamped
    from wayfare.metrics.vllm import with_vllm

    samples = stamped(read_recording(folder), run or folder.resolve().name)
    return with_vllm(samples) if vllm else samples
