"""The digest of a scenario: of its settings, and of the content of the files that it names.

What came later counts only where it is given: scenarios from before keep their digests.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.arrivals import TraceArrivals
from simulator.tables.folders import files_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.settings.document import ScenarioSettings
    from simulator.settings.streams import Stream

    Plain = dict[str, Any]

LATER_ROUTER_DEFAULTS = (("assignment", "random"),)
LATER_RESILIENCE_KEYS = frozenset(
    {
        "retries_by_class",
        "context_window_fallbacks",
        "content_policy_fallbacks",
        "cooldown_by_hint",
        "disable_cooldowns",
        "allowed_fails_by_class",
        "breaker",
    }
)
"""Keys of `router.resilience` that count where they say something; all of their defaults are empty."""
LATER_TRACE_KEYS = frozenset({"failed", "history"})
"""Keys of traces that count only where they are given."""
WITHOUT_OUTCOMES = ("discrimination", "difficulty_noise", "router_auc", "feedback", "outcomes")
"""Keys of `quality` that mean something where no answers are recorded."""


def settings_digest(settings: ScenarioSettings, streams: Sequence[Stream]) -> str:
    """SHA-256 of the settings, recorded traffic and answers included by their content."""
    plain = settings.model_dump(mode="json")
    plain["router"] = without_later_defaults(plain["router"])
    plain["fleet"] = [without_unset(entry, "weight") for entry in plain["fleet"]]
    plain["quality"] = quality_part(without_unset(plain["quality"], "feedback"))
    plain["workload"]["streams"] = [
        stream_part(without_unset(part, "defer_deadline"), stream)
        for part, stream in zip(plain["workload"]["streams"], streams, strict=True)
    ]
    for values in plain["signals"].values():
        files = {region: file for region, file in values.items() if isinstance(file, str)}
        values |= {region: content_digest(file) for region, file in files.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def without_unset(part: Plain, key: str) -> Plain:
    """A part of the settings without a later key that is not set."""
    return {name: value for name, value in part.items() if name != key or value is not None}


def without_later_defaults(router: Plain) -> Plain:
    """The router's plain settings without keys that came later and have their default."""
    kept = {name: value for name, value in router.items() if (name, value) not in LATER_ROUTER_DEFAULTS}
    resilience = kept["resilience"]
    if resilience is None:
        return kept
    stated = {name: value for name, value in resilience.items() if value or name not in LATER_RESILIENCE_KEYS}
    return {**kept, "resilience": stated}


def quality_part(quality: Plain) -> Plain:
    """The settings of quality: the table by its content, or only what means something without one."""
    if quality["outcomes"] is None:
        return {name: quality[name] for name in WITHOUT_OUTCOMES if name in quality}
    return {**quality, "outcomes": outcomes_digest(quality["outcomes"])}


def stream_part(part: Plain, stream: Stream) -> Plain:
    """A stream's settings, its trace by its content."""
    arrivals = stream.arrivals
    if not isinstance(arrivals, TraceArrivals):
        return part
    unset = LATER_TRACE_KEYS - arrivals.model_fields_set
    kept = {name: value for name, value in part["arrivals"].items() if name not in unset}
    return {**part, "arrivals": {**kept, "file": content_digest(arrivals.file)}}


def outcomes_digest(path: str) -> str:
    """SHA-256 of a file's bytes, or of the names and bytes of a folder's tables."""
    folder = Path(path)
    if not folder.is_dir():
        return content_digest(path)
    inside = [(str(file.relative_to(folder)), content_digest(str(file))) for file in files_of(folder)]
    return hashlib.sha256(json.dumps(inside).encode()).hexdigest()


def content_digest(file: str) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
