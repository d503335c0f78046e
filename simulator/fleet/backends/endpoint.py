"""Back-end `endpoint`: a black box of so many servers with any service time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import SECONDS_PER_HOUR, TOKENS_PER_MTOK
from simulator.fleet.backend import Service
from simulator.kernel.spec import ServersSpec
from simulator.workload.demand import demand_of
from simulator.world.plan import Timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.fleet.backend import Work
    from simulator.settings.fleet import Deployment, Endpoint
    from simulator.settings.scenario import Scenario
    from simulator.streams import RandomStreams


class EndpointBackend:
    """Servers whose time per request is a distribution, whatever the request asks for."""

    def problems(self, scenario: Scenario, deployment: Deployment) -> Iterator[tuple[str, str]]:
        """A service time that is always zero."""
        del scenario
        if endpoint_of(deployment).service_time.distribution().mean <= 0.0:
            yield "endpoint.service_time", "must be above 0 on average"

    def service(self, scenario: Scenario, deployment: Deployment) -> Service:
        """One queue in front of the servers."""
        endpoint = endpoint_of(deployment)
        model = scenario.catalog.model(deployment.model)
        limit = -1 if endpoint.queue_limit is None else endpoint.queue_limit
        return Service(
            queues=ServersSpec(servers=endpoint.servers, queue_limit=limit, power_w=endpoint.power_w),
            unit_count=endpoint.servers,
            failure_ratio=endpoint.failure_ratio,
            context_window_tokens=deployment.context_window_tokens or model.context_window_tokens,
            output_usd_per_mtok=usual_usd_per_mtok(scenario, endpoint),
            energy_j_per_output_token=usual_j_per_token(scenario, endpoint),
            usd_per_request=endpoint.usd_per_request,
            capacity_usd_per_s=endpoint.usd_per_server_hour / SECONDS_PER_HOUR,
            pays_meter=endpoint.power_w > 0.0,
            idle_w=endpoint.idle_w,
        )

    def timings(
        self, scenario: Scenario, deployment: Deployment, work: Work, streams: RandomStreams
    ) -> Timings:
        """The drawn time in all; the first token after its stated share of it."""
        del scenario
        endpoint = endpoint_of(deployment)
        rng = streams["service time", deployment.name]
        total_s = endpoint.service_time.distribution().sample(rng, len(work.output))
        first_s = np.where(work.output > 1, endpoint.first_token_ratio * total_s, total_s)
        gap_s = (total_s - first_s) / np.maximum(work.output - 1, 1)
        return Timings(first_s=first_s, gap_s=gap_s, redraw=True)


def endpoint_of(deployment: Deployment) -> Endpoint:
    """The deployment's endpoint settings; only called where there are some."""
    if deployment.endpoint is None:
        message = f"deployment {deployment.name!r} has no endpoint"
        raise TypeError(message)
    return deployment.endpoint


def usual_usd_per_mtok(scenario: Scenario, endpoint: Endpoint) -> float:
    """The price per request spread over a usual answer: what a router compares with."""
    per_request = endpoint.usd_per_request
    server_s = endpoint.service_time.distribution().mean
    per_request += endpoint.usd_per_server_hour / SECONDS_PER_HOUR * server_s
    return per_request / usual_answer_tokens(scenario) * TOKENS_PER_MTOK


def usual_j_per_token(scenario: Scenario, endpoint: Endpoint) -> float:
    """The energy of a mean service spread over a usual answer."""
    return endpoint.power_w * endpoint.service_time.distribution().mean / usual_answer_tokens(scenario)


def usual_answer_tokens(scenario: Scenario) -> float:
    """The plain mean of the streams' answers."""
    answers = [demand_of(scenario, stream).output_tokens.mean for stream in scenario.streams]
    return sum(answers) / len(answers)
