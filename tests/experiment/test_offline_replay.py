"""Estimates from a log with propensities come to what the policy earns, as far as they claim."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from command_runs import error_text, run
from simulator.offline.choices import action_probabilities
from simulator.offline.errors import InvalidReplayError
from simulator.offline.estimators import effective_rows, modelled_rewards
from simulator.offline.log import DecisionLog, read_log
from simulator.offline.replay import replay, replayed
from simulator.tables import InvalidTableError

MEANS = np.array([[1.0, 3.0, 8.0], [2.0, 6.0, 5.0]])
"""Mean reward by task and action."""
LOGGING = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]])
TARGET = np.array([[0.1, 0.2, 0.7], [0.5, 0.1, 0.4]])
"""Probabilities of actions by task, of the log and of the policy."""
SEEDS = 200
HEAD = "request,action,propensity,task,cost_usd\n"


def drawn_log(seed: int, rows: int = 600) -> DecisionLog:
    """A log by the probabilities of `LOGGING`, rewards with noise around `MEANS`."""
    draw = np.random.default_rng(seed)
    task = draw.integers(0, 2, rows)
    action = (draw.random(rows)[:, None] > LOGGING[task].cumsum(axis=1)).sum(axis=1)
    reward = MEANS[task, action] + draw.normal(0.0, 1.0, rows)
    return DecisionLog(
        action_names=("a", "b", "c"), task_names=("s", "t"), action_code=action, task_code=task,
        propensity=LOGGING[task, action], rewards={"cost_usd": reward}, tenants=("",) * rows,
        queries=("",) * rows, prompt_tokens=np.zeros(rows), output_tokens=np.zeros(rows),
        score=np.full(rows, np.nan),
    )  # fmt: skip


@cache
def estimates_of_many() -> dict[str, np.ndarray]:
    """Value, low and high of each estimator over the seeds."""
    found: dict[str, list] = {"ips": [], "snips": [], "dr": []}
    for seed in range(SEEDS):
        log = drawn_log(seed)
        one = replayed(log, "p", TARGET[log.task_code], 0.95).rewards["cost_usd"]
        for name, rows in found.items():
            interval = getattr(one, name)
            rows.append((interval.value, interval.low, interval.high))
    return {name: np.array(rows) for name, rows in found.items()}


TRUTH = float((TARGET * MEANS).sum(axis=1).mean())


@pytest.mark.parametrize("name", ["ips", "snips", "dr"])
def test_estimates_come_to_the_truth_and_intervals_cover_it(name: str) -> None:
    """The mean is within four standard errors; 95 % intervals hold the truth in nine of ten logs or more."""
    value, low, high = estimates_of_many()[name].T
    error = value.std(ddof=1) / math.sqrt(SEEDS)
    assert abs(value.mean() - TRUTH) < 4.0 * error
    assert 0.90 <= ((low <= TRUTH) & (high >= TRUTH)).mean() <= 0.99
    assert (high - low).mean() / 3.92 == pytest.approx(value.std(ddof=1), rel=0.2)


def test_a_good_model_makes_doubly_robust_estimates_the_steadiest() -> None:
    """Rewards that the model explains leave less spread than either weighted mean."""
    spread = {name: rows[:, 0].std() for name, rows in estimates_of_many().items()}
    assert spread["dr"] < 0.8 * min(spread["snips"], spread["ips"])


def test_the_logging_policy_gets_the_logs_own_means() -> None:
    """All weights are 1, so IPS and SNIPS are the mean, and every row counts."""
    log = drawn_log(3)
    own = replayed(log, "own", LOGGING[log.task_code], 0.95)
    mean = log.rewards["cost_usd"].mean()
    assert own.rewards["cost_usd"].snips.value == pytest.approx(mean, rel=1e-14)
    assert own.rewards["cost_usd"].ips.value == pytest.approx(mean, rel=1e-14)
    assert (own.effective_rows, own.max_weight, own.matched_ratio) == (pytest.approx(600.0), 1.0, 1.0)


def test_estimates_are_those_of_the_formulas_row_by_row() -> None:
    """Recomputed with plain sums."""
    log = drawn_log(4)
    probability = TARGET[log.task_code]
    reward, action = log.rewards["cost_usd"], log.action_code
    model = modelled_rewards(reward, action, log.task_code, 3)
    found = replayed(log, "p", probability, 0.95)
    rows = range(len(log))
    weight = [probability[i, action[i]] / log.propensity[i] for i in rows]
    ips = sum(weight[i] * reward[i] for i in rows) / len(log)
    direct = [sum(probability[i, k] * model[i, k] for k in range(3)) for i in rows]
    dr = sum(direct[i] + weight[i] * (reward[i] - model[i, action[i]]) for i in rows) / len(log)
    one = found.rewards["cost_usd"]
    assert one.ips.value == pytest.approx(ips)
    assert one.snips.value == pytest.approx(ips * len(log) / sum(weight))
    assert one.dr.value == pytest.approx(dr)
    assert found.effective_rows == pytest.approx(sum(weight) ** 2 / sum(w * w for w in weight))
    assert effective_rows(np.zeros(3)) == 0.0


def test_a_rows_model_does_not_know_its_own_reward() -> None:
    """A reward that is changed changes no prediction of its own row."""
    log = drawn_log(5)
    reward = log.rewards["cost_usd"]
    before = modelled_rewards(reward, log.action_code, log.task_code, 3)
    changed = np.where(np.arange(len(log)) == 17, 1e6, reward)
    after = modelled_rewards(changed, log.action_code, log.task_code, 3)
    assert (before[17] == after[17]).all()
    assert (before != after).any()


def test_policies_are_asked_request_by_request() -> None:
    """A deterministic policy earns the mean of its rows over those of its action; a random one is counted."""
    log = drawn_log(6)
    found = replay(log, ["static:target=b", "random_mix"], draws=50)
    rows = log.action_code == 1
    weight = rows / log.propensity
    expected = weight @ log.rewards["cost_usd"] / weight.sum()
    assert found.policies[0].rewards["cost_usd"].snips.value == pytest.approx(expected)
    assert found.policies[0].matched_ratio == rows.mean()
    probability = action_probabilities(log, "random_mix", 50, 0)
    assert np.allclose(probability.sum(axis=1), 1.0)
    assert np.allclose(probability * 50, np.round(probability * 50))
    assert ((probability > 0.0) & (probability < 1.0)).any()
    again = replay(log, ["static:target=b", "random_mix"], draws=50)
    assert found == again


def test_poor_overlap_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    """An action never logged for a task, too few rows, a policy that learns: all are listed."""
    lines = [f"r{n},{'a' if n % 2 else 'b'},0.5,{'s' if n < 60 else 't'},1" for n in range(80)]
    lines = [line.replace(",b,0.5,t", ",a,0.5,t") for line in lines]
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "\n".join(lines), encoding="utf-8")
    asked = ["static:target=b", "budget_pacing", "oracle", "adversarial_delay"]
    with pytest.raises(InvalidReplayError) as refused:
        replay(read_log(path), asked)
    text = str(refused.value)
    assert "static:target=b: chooses 'b' for task 't' (100.0% of it), never logged there" in text
    assert "budget_pacing: learns" in text
    assert "oracle: sees the true answers" in text
    assert "adversarial_delay: decides a defer" in text
    few = path.with_name("few.csv")
    few.write_text(HEAD + "\n".join(lines[:50]), encoding="utf-8")
    with pytest.raises(InvalidReplayError, match="effective sample size 25.0 of 50 rows is below 30"):
        replay(read_log(few), ["static:target=b"])


def test_wrong_rows_are_all_listed(tmp_path: Path) -> None:
    """Propensities of 0 and above 1, rewards that are none, ids given twice, columns that lack."""
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "1,a,0,s,1\n2,a,1.01,s,1\n3,a,1,s,x\n3,a,0.5,s,1\n4,a,0.5,s,1\n", encoding="utf-8")
    with pytest.raises(InvalidTableError) as refused:
        read_log(path)
    assert [problem.path for problem in refused.value.problems] == ["row 2", "row 3", "row 4", "row 5"]
    path.write_text("id,task\n1,s\n", encoding="utf-8")
    wrong = error_text(run("replay", path, "--policy", "static:target=a", code=2))
    for text in ("no column 'action' or 'deployment' or 'model'", "no column 'propensity'", "no reward"):
        assert text in wrong


def test_the_pages_log_is_valued_as_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The how-to's script and command: short prompts to small, long ones to large, at the known cost."""
    page = (Path(__file__).parents[2] / "docs/how-to/replay-a-log-offline.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (line,) = re.findall(r"```sh\nwayfare (.*?)\n```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(script, "page", "exec"), {})  # noqa: S102  (the page's own script)
    told = json.loads(run(*line.split(), "--json").output)
    sizes = np.arange(20, 1500)
    truth = float(np.where(sizes < 500, (sizes + 200) * 1e-6, (sizes + 200) * 8e-6).mean())
    for name in ("ips", "snips", "dr"):
        interval = told["policies"][0]["rewards"]["cost_usd"][name]
        assert abs(interval["value"] - truth) < 2.0 * (interval["high"] - interval["value"])
    shown = run(*line.split()).output
    assert "effective sample size" in shown
    assert "SNIPS" in shown
