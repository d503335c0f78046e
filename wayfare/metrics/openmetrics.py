"""A run's samples as an OpenMetrics file, with simulated timestamps.

Specification: OpenMetrics 1.0, sections "Overall Structure" and "Timestamps".
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from catalogs.units import MS_PER_S
from wayfare.metrics.text import series_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wayfare.metrics.families import MetricFamily
    from wayfare.metrics.sinks import RunSamples

TOTAL = "_total"
END = "# EOF\n"


class OpenMetricsFile:
    """A sink that writes a file, whole or not at all."""

    def __init__(self, path: Path) -> None:
        """Writes nothing yet."""
        self._path = path

    def take(self, samples: RunSamples) -> None:
        """Writes the samples of one run.

        Raises:
            OSError: the file cannot be written.
        """
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                write_samples(samples, file)
            Path(name).chmod(0o644)
            Path(name).replace(self._path)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()


def write_samples(samples: RunSamples, file: TextIO) -> None:
    """Writes families one after the other, and the end."""
    stamps = [f" {t_ms / MS_PER_S!r}\n" for t_ms in samples.t_ms.tolist()]
    for family in samples.families:
        name = family.name.removesuffix(TOTAL)
        file.write(f"# TYPE {name} {family.kind}\n# HELP {name} {family.text}\n")
        for key in range(len(family.keys)):
            file.writelines(metric_lines(samples, family, key, stamps))
    file.write(END)


def metric_lines(samples: RunSamples, family: MetricFamily, key: int, stamps: list[str]) -> Iterator[str]:
    """The lines of one metric, all points of an instant together; what is nan has none."""
    names = point_names(samples, family, key)
    for stamp, points in zip(stamps, family.values[key].T.tolist(), strict=True):
        known = ((name, value) for name, value in zip(names, points, strict=True) if not isnan(value))
        yield "".join([f"{name} {value!r}{stamp}" for name, value in known])


def point_names(samples: RunSamples, family: MetricFamily, key: int) -> list[str]:
    """The series of one key's points, as text."""
    return [series_text(row.name, samples.labels(row)) for row in family.rows_of(key)]
