"""Warnings where a run leaves the points that a serving profile was fitted to, with the distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.fleet.backends.hardware import GIGA, hardware_of, shape_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from catalogs.serving_profile import Domain
    from simulator.accounting.settlement import Settlement
    from simulator.settings.fleet import Deployment
    from simulator.settings.scenario import Scenario

    Side = tuple[float, float] | None

QUANTILE = 0.99
"""Lengths count by their 99th percentile: one long prompt in a thousand is no other regime."""
ROUNDING = 0.005
WORDS = {
    "params_b": ("{:,.4g} billion parameters", "largest model"),
    "chips": ("{:.0f} chips", "most"),
    "input_tokens": ("input {:,.0f} tokens", "longest"),
    "output_tokens": ("output {:,.0f} tokens", "longest"),
    "batch": ("{:,.0f} sequences at once", "most"),
}
"""By side of the domain: a figure in words, and what the end of the box is called."""


def domain_warnings(
    scenario: Scenario, settlement: Settlement, running: NDArray[np.float64]
) -> tuple[str, ...]:
    """One for every deployment that served outside of its profile's domain.

    `running` is by target the most sequences that ran on a replica at once.
    """
    found = []
    deployments = np.array([term.deployment for term in settlement.run.terms])
    for entry in scenario.fleet:
        if entry.hardware is None:
            continue
        domain = scenario.catalog.serving_profile(entry.engine.profile).domain
        mine = deployments == entry.name
        served = served_figures(settlement, mine)
        if domain is None or not served:
            continue
        figures = {**served, "batch": float(running[mine].max())}
        outside = [*chip_gaps(domain, entry), *layout_gaps(entry)]
        outside += size_gaps(domain, sizes(scenario, entry) | figures)
        if outside:
            profile = entry.engine.profile
            faults = f"{entry.name}: outside of what {profile!r} was fitted to: {'; '.join(outside)}"
            found.append(faults + stand_in(scenario, entry))
    return tuple(found)


def stand_in(scenario: Scenario, entry: Deployment) -> str:
    """That nobody chose the profile, and which ones were fitted to the chip; empty where it was chosen."""
    if "profile" in entry.engine.model_fields_set:
        return ""
    chip = hardware_of(entry).accelerator
    profiles = scenario.catalog.serving_profiles.items()
    fitted = [repr(name) for name, one in profiles if one.domain and chip in one.domain.accelerators]
    others = f"fitted to {chip!r}: {', '.join(fitted) or 'none'}"
    return f" (no engine.profile is given, and this one stands in; {others})"


def served_figures(settlement: Settlement, targets: NDArray[np.bool_]) -> dict[str, float]:
    """Long prompts and answers of what the targets served; empty where they served nothing."""
    attempts = settlement.run.attempts
    rows = targets[attempts.target] & attempts.completed
    if not rows.any():
        return {}
    lengths = {"input_tokens": attempts.prompt[rows], "output_tokens": attempts.output[rows]}
    return {name: float(np.quantile(values, QUANTILE)) for name, values in lengths.items()}


def sizes(scenario: Scenario, entry: Deployment) -> dict[str, float]:
    """How large the model is, and how wide a replica."""
    params_b = shape_in(scenario, entry).total_params / GIGA
    return {"params_b": params_b, "chips": float(hardware_of(entry).tensor_parallel)}


def chip_gaps(domain: Domain, entry: Deployment) -> Iterator[str]:
    """A chip of which no point was measured."""
    name = hardware_of(entry).accelerator
    if domain.accelerators and name not in domain.accelerators:
        yield f"accelerator {name!r}, measured were {', '.join(map(repr, domain.accelerators))}"


def layout_gaps(entry: Deployment) -> Iterator[str]:
    """Ways to serve of which no point was fitted."""
    ranks = hardware_of(entry).attention_data_parallel
    if ranks > 1:
        yield f"{ranks} attention ranks, fitted were layouts of one"
    if entry.engine.split is not None:
        yield "prefill apart from decode, fitted were replicas that do both"


def size_gaps(domain: Domain, figures: Mapping[str, float]) -> Iterator[str]:
    """Figures beyond the box; short prompts and small batches count as inside."""
    low = domain.params_b[0] if domain.params_b else 0.0
    size = figures["params_b"]
    if size < low * (1.0 - ROUNDING):
        yield f"{size:,.3g} billion parameters, {size / low:.2f} times the smallest model fitted"
    for name, (unit, most) in WORDS.items():
        side: Side = getattr(domain, name)
        if side is not None and figures[name] > side[1] * (1.0 + ROUNDING):
            yield f"{unit.format(figures[name])}, {figures[name] / side[1]:.1f} times the {most} fitted"
