"""The report: what a run means, in the fields users rely on (schema `wayfare.report/1`)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from simulator.report.blocks.agent_tasks import AgentTasks
from simulator.report.blocks.cache_regret import CacheRegret
from simulator.report.blocks.cost import Cost
from simulator.report.blocks.counts import AttemptCounts, RequestCounts, TokenCounts
from simulator.report.blocks.devices import DeviceFigures
from simulator.report.blocks.drain import Drain
from simulator.report.blocks.energy import Emissions, Energy, Water
from simulator.report.blocks.fleet import ReplicaCounts, Timeline
from simulator.report.blocks.latency import Latency
from simulator.report.blocks.quality import Quality, Slo
from simulator.report.blocks.recorded import RecordedFigures
from simulator.report.blocks.recorded_answers import RecordedAnswerUse
from simulator.report.blocks.rows import Breakdown
from simulator.report.figures import RATIO, Averaging, Better, Format, block, figure, figures_of, plain
from simulator.report.grounds import DeploymentGrounds
from simulator.report.length_effects import StreamLengthEffects
from simulator.report.metrics import REPLICAS, UTILIZATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.report.figures import Json

SCHEMA = "wayfare.report/1"
OUTSIDE_DIGEST = ("wall_s", "digest", "cache_regret")
ABSENT: Final = {"recorded_answers": (None,), "recorded": (None,), "replays": (False,)}
"""What is no part of the digest where it says nothing, by field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioMark:
    """Which scenario a report is about."""

    name: str = figure("The scenario's name.")
    digest: str = figure("SHA-256 of its settings.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogMark:
    """Which facts a report stands on."""

    edition: str = figure("The edition.")
    date: str = figure("The newest date in it, ISO 8601.")
    digest: str = figure("SHA-256 of its entries.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with its confidence interval."""

    value: float | None = figure("The mean.")
    low: float | None = figure("The interval's lower end.")
    high: float | None = figure("The interval's upper end.")


@dataclass(frozen=True, kw_only=True)
class Report:
    """One policy's figures under one scenario; a mean over replications where there are several.

    `intervals` are by dotted path, in JSON nested as the report is.
    """

    schema: str = figure("The schema's name.")
    scenario: ScenarioMark = block("Which scenario.")
    policy: str = figure("Which policy.")
    seed: int = figure("The seed.", averaging=Averaging.FIRST)
    version: str = figure("Wayfare's version.")
    catalog: CatalogMark = block("Which facts.")
    oracle: bool = figure("Whether the policy knows what no router can.")
    replications: int = figure("How many replications this is the mean of.", averaging=Averaging.ADDED)
    simulated_s: float = figure("Simulated seconds.", averaging=Averaging.FIRST)
    wall_s: float = figure("Wall seconds; outside the digest.", averaging=Averaging.ADDED)
    intervals: dict[str, Interval] = block("Intervals by dotted path.")
    warnings: list[str] = figure("What readers must know.")
    requests: RequestCounts = block("Requests by how they ended.")
    attempts: AttemptCounts = block("Attempts by kind.")
    tokens: TokenCounts = block("Tokens by kind.")
    cost_usd: Cost = block("Dollars.")
    energy_wh: Energy = block("Watt-hours.")
    emissions_gco2e: Emissions = block("Grams.")
    water_l: Water = block("Litres.")
    drain: Drain = block("What was taken after the window.")
    latency: Latency = block("Seconds.")
    completion_ratio: float | None = figure(
        "Share of arrived requests completed.",
        Format.RATIO,
        title="answered",
        better=Better.MORE,
        interval=True,
        compared=8,
        averaging=Averaging.MEASURED,
        no_metric=RATIO,
    )
    slo: Slo = block("Service level objectives.")
    quality: Quality = block("Right answers.")
    tasks: AgentTasks = block("Agent tasks.")
    utilization: dict[str, float | None] = figure(
        "Busy share of held capacity, by deployment and overall.", Format.RATIO, metric=UTILIZATION
    )
    by: Breakdown = block("The same by tier, model, deployment, region, task and tenant.")
    decisions: dict[str, float] = figure(
        "Decisions by reason.", Format.COUNT, no_metric="reasons are a policy's own words; labels are bounded"
    )
    timeline: Timeline = block("What happened to the fleet.")
    availability: dict[str, float | None] = figure(
        "Share of each deployment's wanted replica-seconds that no fault kept from serving.",
        Format.RATIO,
        better=Better.MORE,
        metric=REPLICAS,
        part="down",
    )
    replicas: dict[str, ReplicaCounts] = block("Replicas of deployments that scale.")
    devices: dict[str, DeviceFigures] = block("Users' own devices, by deployment.")
    length_effects: dict[str, StreamLengthEffects] = block("What models do to answer lengths, by stream.")
    grounds: dict[str, DeploymentGrounds] = block("What each deployment's figures are.")
    recorded_answers: RecordedAnswerUse | None = block(
        "What is used of the outcome table; absent, and no part of the digest, where answers are drawn."
    )

    cache_regret: CacheRegret | None = block(
        "What switching deployments within sessions cost; no part of the digest, absent without sessions."
    )
    recorded: RecordedFigures | None = block(
        "What the log that was played says of itself; absent, and no part of the digest, where none was."
    )
    replays: bool = figure(
        "Whether the policy replays a log's own choices; no part of the digest where it does not."
    )

    @cached_property
    def plain(self) -> dict[str, Json]:
        """Everything but the digest as plain data, in the order it is shown."""
        found: dict[str, Json] = plain(self)
        intervals = {path: plain(interval) for path, interval in self.intervals.items()}
        return {**found, "intervals": nested(intervals)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the report without wall time: same seed, same scenario, same digest."""
        inside = {key: value for key, value in self.plain.items() if key not in OUTSIDE_DIGEST}
        inside = {key: value for key, value in inside.items() if value not in ABSENT.get(key, ())}
        text = json.dumps(inside, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Json]:
        """The report as plain data, JSON-ready."""
        return {**self.plain, "digest": self.digest}

    def figure(self, path: str) -> float | None:
        """The number at a dotted path such as `cost_usd.total`; None where it is undefined.

        Raises:
            KeyError: there is no such path, or it is no number.
        """
        value: Json = self.plain
        for key in path.split("."):
            if not isinstance(value, dict) or key not in value:
                raise KeyError(path)
            value = value[key]
        if value is None or isinstance(value, int | float):
            return value
        raise KeyError(path)

    def warned(self, texts: Sequence[str]) -> Report:
        """The report with further warnings."""
        return replace(self, warnings=[*self.warnings, *texts])


def nested(paths: dict[str, Any]) -> dict[str, Json]:
    """Values by dotted path as a tree."""
    tree: dict[str, Json] = {}
    for path, value in paths.items():
        *parents, last = path.split(".")
        here: dict[str, Any] = tree
        for parent in parents:
            here = here.setdefault(parent, {})
        here[last] = value
    return tree


FIGURES = tuple(figures_of(Report))
"""Every figure of the report, each stated at its field."""
STATED = {figure.path: figure.stated for figure in FIGURES}
WITH_INTERVALS = tuple(figure.path for figure in FIGURES if figure.stated.interval and "*" not in figure.path)
"""Figures by path that get an interval over replications."""
COMPARED = tuple(
    figure.path
    for figure in sorted(FIGURES, key=lambda figure: figure.stated.compared)
    if figure.stated.compared and "*" not in figure.path
)
"""Figures by path whose paired differences are formed, in their order."""
