"""A batch of one is M/G/1, a host M/D/1; an empty replica's latency is the closed form of its step costs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from oracle.loads import JOULES, SECONDS
from oracle.replications import CUSTOMERS, Demand, assert_mean, ledgers, poisson_s, waits_s
from simulator.kernel import BatchingSpec, GroupSpec, HostSpec, Kernel, StepCost

PROMPTS = (20, 300, 900)
ANSWERS = (1, 40, 160)
MISS = 0.9
BATCH_OF_ONE = BatchingSpec(
    seconds=SECONDS, joules=JOULES, expert_miss=MISS, max_sequences=1, token_budget=1024
)


def shared(cost: StepCost, tokens: int) -> float:
    """What a step of so many tokens costs before any of them is looked at."""
    return cost.base + cost.expert * (1.0 - MISS**tokens)


def prefill(cost: StepCost, chunk: int, behind: int = 0) -> float:
    """A step that does nothing but one prompt chunk behind `behind` computed tokens."""
    pairs = chunk * behind + chunk**2 / 2.0
    return shared(cost, chunk) + cost.prompt * chunk + cost.attention * pairs


def decode(cost: StepCost, prompt: int, output: int) -> float:
    """All decode steps of a lone sequence: output - 1 of them, on growing context."""
    steps = output - 1
    read = steps * prompt + steps * (steps - 1) / 2.0
    return steps * (shared(cost, 1) + cost.sequence) + cost.context * read


def service(cost: StepCost, prompt: int, output: int) -> float:
    """One whole attempt on an empty replica whose budget holds the prompt."""
    return prefill(cost, prompt) + decode(cost, prompt, output)


def lengths(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Prompts and answers, each of three lengths, equally likely."""
    return rng.choice(PROMPTS, CUSTOMERS), rng.choice(ANSWERS, CUSTOMERS)


@pytest.mark.slow
@pytest.mark.parametrize("utilization_ratio", [0.5, 0.75])
def test_a_batch_of_one_waits_as_pollaczek_and_khinchine_say(utilization_ratio: float) -> None:
    """With one sequence at a time, service is prefill plus decode and the wait that of M/G/1."""
    services_s = np.array([service(SECONDS, p, o) for p, o in itertools.product(PROMPTS, ANSWERS)])
    rate_per_s = utilization_ratio / services_s.mean()

    def demand(rng: np.random.Generator) -> Demand:
        prompts, answers = lengths(rng)
        return Demand(ready_s=poisson_s(rng, rate_per_s), prompt=prompts, output=answers)

    runs = ledgers(GroupSpec(queues=BATCH_OF_ONE), demand, seed=51)
    theory_s = rate_per_s * (services_s**2).mean() / (2.0 * (1.0 - utilization_ratio))
    assert_mean([waits_s(rows).mean() for rows in runs], theory_s, precision_ratio=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("utilization_ratio", [0.5, 0.8])
def test_a_host_alone_waits_as_md1(utilization_ratio: float) -> None:
    """Before steps that take no time the host is a server of constant service: M/D/1."""
    service_s = 0.02
    host = HostSpec(request_s=0.25 * service_s, token_s=0.5 * service_s, answer_token_s=0.25 * service_s)
    spec = BatchingSpec(seconds=StepCost(base=1e-9), host=host)
    rate_per_s = utilization_ratio / service_s

    def demand(rng: np.random.Generator) -> Demand:
        return Demand(ready_s=poisson_s(rng, rate_per_s))

    runs = ledgers(GroupSpec(queues=spec), demand, seed=52)
    theory_s = utilization_ratio * service_s / (2.0 * (1.0 - utilization_ratio))
    prepared_s = 0.75 * service_s
    assert_mean([waits_s(rows).mean() - prepared_s for rows in runs], theory_s, precision_ratio=0.03)


def lone_row(spec: BatchingSpec, prompt: int, output: int) -> np.void:
    """The ledger row of an attempt that has a replica to itself."""
    kernel = Kernel([GroupSpec(queues=spec)])
    kernel.submit(0, 0, prompt, output, 0.0, 2.5)
    kernel.advance(np.inf)
    return kernel.ledger()[0]


@pytest.mark.parametrize(("prompt", "output"), list(itertools.product(PROMPTS, ANSWERS)))
def test_without_load_latency_and_energy_are_closed_forms(prompt: int, output: int) -> None:
    """Alone on a replica: first token after the prefill, last after all decode steps."""
    row = lone_row(BATCH_OF_ONE, prompt, output)
    assert row["admitted_s"] == row["ready_s"] == 2.5
    assert row["first_s"] - 2.5 == pytest.approx(prefill(SECONDS, prompt), rel=1e-12)
    assert row["finish_s"] - 2.5 == pytest.approx(service(SECONDS, prompt, output), rel=1e-12)
    assert row["busy_s"] == pytest.approx(service(SECONDS, prompt, output), rel=1e-12)
    assert row["energy_j"] == pytest.approx(service(JOULES, prompt, output), rel=1e-12)


def test_a_long_prompt_is_computed_in_chunks_of_the_budget() -> None:
    """A prompt of 2.5 budgets takes three steps, each attending to all that came before."""
    spec = BatchingSpec(seconds=SECONDS, expert_miss=MISS, token_budget=400)
    row = lone_row(spec, prompt=1000, output=1)
    chunks = ((400, 0), (400, 400), (200, 800))
    expected_s = sum(prefill(SECONDS, chunk, behind) for chunk, behind in chunks)
    assert row["first_s"] - 2.5 == pytest.approx(expected_s, rel=1e-12)
    assert row["finish_s"] == row["first_s"]


def test_a_full_batch_decodes_at_the_closed_form_of_its_size() -> None:
    """Alike attempts that come together share every step: n prompts at once, then n-wide decode."""
    count, prompt, output = 8, 60, 30
    spec = BatchingSpec(seconds=SECONDS, expert_miss=MISS, token_budget=4096)
    kernel = Kernel([GroupSpec(queues=spec)])
    kernel.submit(0, 0, 1, 1, 0.0, 0.0)
    for number in range(count):
        kernel.submit(0, number + 1, prompt, output, 0.0, 0.001)
    kernel.advance(np.inf)
    rows = kernel.ledger()[1:]
    start_s = prefill(SECONDS, 1)
    tokens = count * prompt
    first_s = shared(SECONDS, tokens) + SECONDS.prompt * tokens + SECONDS.attention * count * prompt**2 / 2.0
    steps = output - 1
    read = count * (steps * prompt + steps * (steps - 1) / 2.0)
    decode_s = steps * (shared(SECONDS, count) + SECONDS.sequence * count) + SECONDS.context * read
    np.testing.assert_allclose(rows["first_s"], start_s + first_s, rtol=1e-12)
    np.testing.assert_allclose(rows["finish_s"], start_s + first_s + decode_s, rtol=1e-12)
    np.testing.assert_allclose(rows["busy_s"], (first_s + decode_s) / count, rtol=1e-12)
