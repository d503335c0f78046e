"""A user's own figures: what may be left out of them, since they need no source."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from catalogs.own_chip import with_usual_watts

if TYPE_CHECKING:
    from collections.abc import Mapping

    Plain = Mapping[str, object]

OWN_SOURCE: Final = "the scenario's own"
UNKNOWN: Final[dict[str, Plain]] = {
    "accelerators": {
        "source": OWN_SOURCE,
        "retrieved": None,
        "vendor": "own",
        "embodied_kgco2e": None,
    },
    "models": {"source": OWN_SOURCE, "retrieved": None, "developer": "own", "success": {}},
}
"""What may be left out of a user's own chip or model: unknown then, and so are figures made of it."""
EVER: Final = date(1970, 1, 1)
"""From when on a price holds that says no day."""


def completed(kind: str, base: Plain, entry: Plain) -> dict[str, object]:
    """An entry of a user's own with sources, and of a price its days, where they are not given.

    `prices` may be one row without a list around it. A chip or a model that no edition has (`base` is
    empty) may leave out what `UNKNOWN` holds, a chip all watts but its TDP.
    """
    whole = dict(entry)
    if not base:
        whole = {**UNKNOWN.get(kind, {}), **whole}
    if kind == "accelerators":
        whole = with_usual_watts(base, whole)
    if kind == "offers" and "prices" in entry:
        rows = entry["prices"] if isinstance(entry["prices"], list) else [entry["prices"]]
        told = entry.get("retrieved", base.get("retrieved"))
        whole["prices"] = [overlay_of({"valid_from": EVER, "retrieved": told}, row) for row in rows]
    if kind == "offers" and "throughput" in entry:
        whole["throughput"] = overlay_of({}, entry["throughput"])
    if kind == "devices" and isinstance(speeds := entry.get("speeds"), dict):
        whole["speeds"] = {model: overlay_of({}, speed) for model, speed in speeds.items()}
    return whole


def overlay_of(usual: Plain, part: object) -> object:
    """A part with a source and what is usual, where it does not say so itself; no map is left as it is."""
    return {"source": OWN_SOURCE, **usual, **part} if isinstance(part, dict) else part
