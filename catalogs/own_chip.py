"""A user's own chip: its watts by the shares of TDP that measured chips draw, and its rent as one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    Plain = Mapping[str, object]

TDP_SHARES: Final = {
    "idle_w": 0.11,
    "floor_w": 0.60,
    "wait_w": 0.26,
    "memory_w": 0.24,
    "compute_w": 1.02,
    "host_w": 0.15,
}
"""Watts over TDP: floor, wait, memory and compute are the means of the H100 and the B200, fitted to
ML.ENERGY v3 runs (catalogs/accelerators/accelerators.yaml; test_own_chip.py holds them to it). Idle watts
and the host's share (1 kW beside eight chips of 700 and 1,000 W) are those entries' own estimates."""
OPTIONAL: Final = ("wait_w",)
"""What an entry may leave out by itself: with `idle_w` given, `wait_w` is taken as that."""
USUAL: Final = "TDP times the mean share of the H100 and the B200, as measured"
RENT_KIND: Final = "on_demand"
"""What a rent is called that is given as one number."""


def with_usual_watts(base: Plain, entry: Plain) -> dict[str, object]:
    """The entry with watts that neither it nor its base gives, marked as estimates; a bare rent by kind."""
    whole = dict(entry)
    rent = whole.get("rent_usd_per_hour")
    if rent is not None and not isinstance(rent, dict):
        whole["rent_usd_per_hour"] = {RENT_KIND: rent}
    return whole if base else whole | estimated(whole, watts_of(whole.get("tdp_w")))


def watts_of(given: object) -> float:
    """A number of watts; 0 for what is none, of which the record complains."""
    try:
        return float(str(given))
    except ValueError:
        return 0.0


def estimated(entry: Plain, tdp_w: float) -> dict[str, object]:
    """The watts that the entry lacks, and the entry's sources with theirs."""
    lacking = [name for name in TDP_SHARES if name not in entry]
    if "idle_w" in entry:
        lacking = [name for name in lacking if name not in OPTIONAL]
    given = entry.get("sources")
    origin = {"source": USUAL, "estimate": True}
    sources = dict(given) if isinstance(given, dict) else {}
    watts = {name: round(TDP_SHARES[name] * tdp_w, 1) for name in lacking}
    return {**watts, "sources": {**dict.fromkeys(lacking, origin), **sources}}
