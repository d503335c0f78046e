"""How good the routing itself is, in sentences: beside mixes of single models, and of its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from wayfare.render.numbers import share, usd_per_thousand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulator import Comparison

    Measures = Mapping[str, Any]

LEAST = 0.0005
"""Half of the last digit that a sentence shows, as a ratio."""
MOST_POLICIES = 6
"""Of a comparison that sentences are made of."""


def routing_lines(comparison: Comparison) -> Iterator[str]:
    """Each policy asked for beside random mixes of single models; then what scores are worth."""
    beside = cast("Mapping[str, Measures | None]", comparison.routing_quality["against_mixes"])
    named = {*comparison.baselines, *comparison.swept}
    asked = [name for name in comparison.policies if name not in named][:MOST_POLICIES]
    for name in asked:
        found = beside.get(name)
        if found is not None:
            yield mix_line(name, found)
    scores = cast("Mapping[str, Measures]", comparison.routing_quality.get("scores") or {})
    yield from (score_line(name, found) for name, found in scores.items())


def mix_line(name: str, found: Measures) -> str:
    """What single models, mixed at random, would cost for a policy's accuracy."""
    cost, saving = found["usd_per_request_of_mix"], found["saving_ratio"]
    if cost is None or saving is None:
        return f"No mix of single models is as accurate as {name}."
    priced = f"mixing single models at random costs {usd_per_thousand(cost)} per 1k requests"
    if abs(saving) < LEAST:
        return f"For the accuracy of {name}, {priced}: as much."
    less = "less" if saving > 0.0 else "more"
    return f"For the accuracy of {name}, {priced}; the policy costs {share(abs(saving))} {less}."


def score_line(name: str, found: Measures) -> str:
    """What a router's score is worth between the weak and the strong model."""
    if found["apgr"] is None:
        return f"Router score {name}: nothing to measure."
    ends = found["intervals"].get("apgr") or {}
    low, high = ends.get("low"), ends.get("high")
    reach = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    shares = " and ".join(
        f"{share(found[key])} of calls for {part} % of the gap"
        for key, part in (("cpt50", 50), ("cpt80", 80))
        if found[key] is not None
    )
    return f"Router score {name}: APGR {found['apgr']:.3f}{reach}; {shares}."
