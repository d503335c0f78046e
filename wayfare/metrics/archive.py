"""Recordings on disk: one compressed NumPy archive beside a run's report."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from simulator.report.metrics import Kind
from wayfare.metrics.errors import NoRecordingError
from wayfare.metrics.families import MetricFamily
from wayfare.metrics.recording import MetricsRecording

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

FILE = "series.npz"
FORMAT = "wayfare.series/1"


def write_recording(recording: MetricsRecording, folder: Path) -> None:
    """Writes a recording into a run's folder."""
    head = {
        "format": FORMAT,
        "policy": recording.policy,
        "start": recording.start.isoformat(),
        "epoch": recording.epoch.isoformat() if recording.epoch else None,
        "pace_ratio": recording.pace_ratio,
        "families": [description(family) for family in recording.families],
    }
    values = {family.name: family.values for family in recording.families}
    np.savez_compressed(folder / FILE, allow_pickle=False, head=json.dumps(head), t_s=recording.t_s, **values)


def description(family: MetricFamily) -> dict[str, object]:
    """A family without its values, as plain data."""
    return {
        "name": family.name,
        "kind": family.kind,
        "text": family.text,
        "labels": family.labels,
        "keys": list(family.keys),
        "edges": list(family.edges),
    }


def read_recording(folder: Path) -> MetricsRecording:
    """The recording in a run's folder.

    Raises:
        NoRecordingError: there is none, or none that can be read.
    """
    path = folder / FILE
    if not path.is_file():
        message = f"{folder}: no {FILE}; `wayfare run SCENARIO --out DIR` writes one"
        raise NoRecordingError(message)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return recording_in(archive)
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        message = f"{path}: not a recording of this version ({error})"
        raise NoRecordingError(message) from error


def recording_in(archive: Any) -> MetricsRecording:  # noqa: ANN401  (NumPy names no type for it)
    """The recording in an open archive."""
    head = json.loads(str(archive["head"]))
    if head["format"] != FORMAT:
        message = f"format {head['format']!r}, not {FORMAT!r}"
        raise ValueError(message)
    return MetricsRecording(
        policy=head["policy"],
        start=datetime.fromisoformat(head["start"]),
        epoch=datetime.fromisoformat(head["epoch"]) if head["epoch"] else None,
        pace_ratio=head["pace_ratio"],
        t_s=archive["t_s"],
        families=[
            MetricFamily(
                name=entry["name"],
                kind=Kind(entry["kind"]),
                text=entry["text"],
                labels=tuple(entry["labels"]),
                keys=[tuple(key) for key in entry["keys"]],
                edges=tuple(entry["edges"]),
                values=archive[entry["name"]],
            )
            for entry in head["families"]
        ],
    )
