"""Lengths that are stated or recorded are served; what models change is drawn from tasks, and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from simulator import simulate
from simulator.plan.resolution import resolve
from simulator.report.figures import plain
from simulator.report.length_effects import length_effects
from world_cases import AGENT, CHAT, SMALL, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from simulator import Scenario

REASONER = {
    "name": "reasoner",
    "tier": "dedicated",
    "model": "deepseek-r1",
    "hardware": {"accelerator": "h200", "tensor_parallel": 8, "precision": "fp8"},
    "region": "us-virginia",
}
FLEET = [SMALL, REASONER]
SESSION = {"turns": 3, "think_time": "1s"}


def streaming(**changes: object) -> Scenario:
    """One stream of chat, before a small model that is often wrong and one that reasons."""
    return scenario(workload={"streams": [{**CHAT, **changes}]}, fleet=FLEET)


def served(world: Scenario) -> set[int]:
    """Lengths of all answers of all models."""
    return set(np.unique(resolve(world).plan.answers.output_token_count).tolist())


def recorded(tmp_path: Path) -> dict[str, object]:
    """A trace of three requests, of which the last answer is above the task's maximum."""
    path = tmp_path / "trace.csv"
    path.write_text("arrival_s,input_tokens,output_tokens\n0,10,40\n1,10,256\n2,10,3000\n", encoding="utf-8")
    return {"pattern": "trace", "file": str(path)}


@pytest.mark.parametrize("sequel", [{}, {"session": SESSION}, {"agent": AGENT}])
def test_a_stated_length_is_every_models_right_or_wrong(sequel: dict[str, object]) -> None:
    """`output_tokens: 256` serves 256, hidden reasoning included, in first and later turns and calls."""
    assert served(streaming(output_tokens=256, **sequel)) == {256}


@pytest.mark.parametrize("session", [None, SESSION])
def test_only_the_streams_own_maximum_cuts_a_stated_length(session: object) -> None:
    """The task allows 1,024 tokens: that is no statement of the user's."""
    assert served(streaming(output_tokens=3_000, session=session)) == {3_000}
    assert served(streaming(output_tokens=3_000, max_output_tokens=700, session=session)) == {700}


def test_stated_lengths_have_the_stated_distribution() -> None:
    """Every model answers with the nominal draws themselves."""
    plan = resolve(streaming(output_tokens={"median": 200, "p95": 600})).plan
    for row in plan.answers.output_token_count:
        assert row.tolist() == plan.workload.output_token_count.tolist()


def test_later_prompts_carry_the_stated_answers() -> None:
    """What a conversation carries is what was served, cut at the stream's own maximum."""
    world = streaming(
        input_tokens=100, output_tokens=500, max_output_tokens=60, session={**SESSION, "turns": 2}
    )
    workload = resolve(world).plan.workload
    assert set(workload.input_token_count[workload.turn == 1].tolist()) == {260}


def test_effects_on_stated_lengths_are_there_for_who_asks() -> None:
    """With `all` a stated length is a usual model's: right and wrong answers and reasoning change it."""
    world = streaming(output_tokens=200, length_effects="all")
    plan = resolve(world).plan
    small, reasoner = (world.catalog.model(name) for name in plan.model_names)
    share = small.success["support_chat"]
    right = 200 * small.verbosity / (share + (1 - share) * small.wrong_length_ratio)
    mine, correct = plan.answers.output_token_count[0], plan.answers.correct[0]
    assert set(mine[correct].tolist()) == {round(right)}
    assert set(mine[~correct].tolist()) == {round(right * small.wrong_length_ratio)}
    assert plan.answers.output_token_count[1].mean() > 200 / (1 - reasoner.reasoning_ratio) * 0.9


def test_effects_on_the_tasks_lengths_can_be_switched_off() -> None:
    """With `none` every model answers with the task's own lengths, up to what the task allows."""
    plan = resolve(streaming(length_effects="none")).plan
    nominal = plan.workload.output_token_count
    assert (plan.answers.output_token_count == nominal).all()
    assert nominal.max() <= plan.workload.max_output_token_count.min() == 1_024
    usual = resolve(streaming()).plan
    assert (usual.answers.output_token_count != usual.workload.output_token_count).mean() > 0.5


def test_recorded_lengths_hold_unless_effects_are_wanted(tmp_path: Path) -> None:
    """A recorded length is what was served; with `all` it is what a usual model would have served."""
    trace = recorded(tmp_path)
    assert served(streaming(arrivals=trace)) == {40, 256, 3_000}
    assert served(streaming(arrivals=trace, length_effects="none")) == {40, 256, 3_000}
    plan = resolve(streaming(arrivals=trace, length_effects="all")).plan
    assert plan.workload.output_token_count.tolist() == [40, 256, 3_000]
    assert (plan.answers.output_token_count[:, :2] != [40, 256]).all()
    assert plan.answers.output_token_count.max() == 3_000


def test_a_traces_later_turns_are_drawn_from_the_task_or_stated(tmp_path: Path) -> None:
    """Only first turns are recorded; what follows is scaled unless the stream states it."""
    trace = {"arrivals": recorded(tmp_path), "session": SESSION}
    drawn = resolve(streaming(**trace)).plan
    assert drawn.workload.output_exact.tolist() == (drawn.workload.turn == 0).tolist()
    assert served(streaming(**trace, output_tokens=70)) == {40, 256, 3_000, 70}


@pytest.mark.parametrize("effects", ["task", "all", "none"])
@pytest.mark.parametrize("lengths", [{}, {"output_tokens": {"median": 200, "p95": 900}}])
def test_routers_know_usual_answers_with_and_without_effects(effects: str, lengths: dict) -> None:
    """The mean that a router has learnt is the mean that models answer."""
    arrivals = {"pattern": "steady", "rate": 20.0}
    plan = resolve(streaming(arrivals=arrivals, length_effects=effects, **lengths)).plan
    for target in plan.targets:
        mine = plan.answers.output_token_count[plan.target_plans[target.index].model]
        error = mine.std() / np.sqrt(len(mine)) + 0.01 * mine.mean()
        assert abs(target.stream_output_tokens["chat"] - mine.mean()) < 3.5 * error


def test_routers_know_scaled_recorded_answers(tmp_path: Path) -> None:
    """With `all` a router has learnt what a model makes of a recording, not the recording."""
    world = streaming(arrivals=recorded(tmp_path), length_effects="all")
    small, reasoner = resolve(world).plan.targets
    share = world.catalog.model("llama-3.1-8b").success["support_chat"]
    (effects,) = plain(length_effects(world, resolve(world).plan.workload)).values()
    found = effects["models"]["llama-3.1-8b"]
    means = [
        np.minimum(np.rint(np.array([40, 256, 3_000]) * found[name]), [1_024, 1_024, 3_000]).mean()
        for name in ("right_factor", "wrong_factor")
    ]
    assert small.stream_output_tokens["chat"] == pytest.approx(
        share * means[0] + (1 - share) * means[1], rel=1e-3
    )
    assert reasoner.stream_output_tokens["chat"] > 1_200


def test_the_report_lists_what_models_change_and_where_it_comes_from() -> None:
    """By stream and model: the multipliers that are not neutral, with the catalog's source."""
    streams = [CHAT, {**CHAT, "name": "stated", "output_tokens": 9}]
    world = scenario(duration="1min", workload={"streams": streams}, fleet=FLEET)
    told = simulate(world).report.plain["length_effects"]
    assert told["stated"] == {"models": {}}
    assert set(told["chat"]["models"]) == {"llama-3.1-8b", "deepseek-r1"}
    reasoner = told["chat"]["models"]["deepseek-r1"]
    model = world.catalog.model("deepseek-r1")
    origin = model.origin_of("reasoning_ratio")
    assert set(reasoner["multipliers"]) == {"wrong_length_ratio", "reasoning_ratio"}
    assert reasoner["multipliers"]["reasoning_ratio"] == {
        "value": model.reasoning_ratio,
        "estimate": origin.estimate,
        "source": origin.source,
    }
    assert reasoner["wrong_factor"] == pytest.approx(reasoner["right_factor"] * model.wrong_length_ratio)


def test_recorded_answers_have_no_effects(tmp_path: Path) -> None:
    """A table of answers gives each model's lengths itself."""
    path = tmp_path / "answers.csv"
    rows = "".join(f"q,{name},1,{tokens}\n" for name, tokens in (("llama-3.1-8b", 31), ("deepseek-r1", 77)))
    path.write_text(f"query,model,correct,output_tokens\n{rows}", encoding="utf-8")
    world = scenario(workload={"streams": [CHAT]}, fleet=FLEET, quality={"outcomes": str(path)})
    assert served(world) == {31, 77}
    assert plain(length_effects(world, resolve(world).plan.workload)) == {"chat": {"models": {}}}


def test_a_task_without_a_success_ratio_is_warned_of() -> None:
    """Nobody measured the model there: whether it is right is unknown, and the run says so."""
    atlas = {"developer": "us", "context_window_tokens": 9_999, "success": {"extraction": 0.5}}
    overrides = {
        "models": {"atlas": {**atlas, "source": "our own", "retrieved": "2026-11-01"}},
        "offers": {
            "host/atlas": {
                "provider": "host",
                "model": "atlas",
                "prices": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 1},
                "ttft_s": {"median": 1, "p95": 2},
                "output_tokens_per_s": {"median": 50, "p95": 60},
                "source": "host",
                "retrieved": "2026-11-01",
            }
        },
    }
    hosted = {"name": "atlas", "tier": "cloud", "model": "atlas", "region": "us-virginia"}
    fleet = [SMALL, {**hosted, "api": {"offer": "host/atlas"}}]
    streams = [CHAT, {**CHAT, "name": "forms", "task": "extraction"}]
    world = scenario(fleet=fleet, catalog={"overrides": overrides}, workload={"streams": streams})
    told = [text for text in simulate(world).report.plain["warnings"] if "no success ratio" in text]
    known = "no success ratio of 'atlas' on 'support_chat' is known: right answers are unknown, not 0; "
    assert told == [f"{known}give catalog.overrides.models.atlas.success.support_chat"]
