"""`wayfare import litellm`: a gateway's configuration becomes a scenario that runs; LiteLLM is not needed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from catalogs import load_catalog
from command_runs import error_text, run
from simulator import load_scenario, simulate
from wayfare.litellm.config import GatewayEntry
from wayfare.litellm.features import STRATEGIES
from wayfare.litellm.imported_fleet import deployment_names, shuffle_weights
from wayfare.litellm.served import ServedModels

SECRET = "sk-live-9f8e7d"  # noqa: S105  (nobody's)
ADDRESS = "https://internal.example"


def entry(model: str, group: str = "chat", **params: object) -> dict:
    """One entry of a model list; `id` goes to its information."""
    info = {"id": params.pop("id")} if "id" in params else {}
    secrets = {"api_key": SECRET, "aws_secret_access_key": SECRET}
    return {
        "model_name": group,
        "litellm_params": {"model": model, **secrets, **params},
        "model_info": info,
    }


def written(tmp_path: Path, *entries: dict, settings: dict | None = None, **sections: object) -> Path:
    """A configuration's file."""
    path = tmp_path / "config.yaml"
    data = {"model_list": list(entries), "router_settings": settings or {}, **sections}
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def imported(path: Path, *options: object) -> dict:
    """The scenario's data."""
    return yaml.safe_load(run("import", "litellm", path, *options).stdout)


TWO = (
    entry("openai/gpt-4o-2024-08-06", rpm=600),
    entry("azure/gpt-4o", id="east", api_base=ADDRESS, rpm=200),
)


def test_the_scenario_runs_as_written(tmp_path: Path) -> None:
    """The file loads, answers in the shares of `rpm`, says what it was made of, and holds no secret."""
    target = tmp_path / "scenario.yaml"
    run("import", "litellm", written(tmp_path, *TWO), "--rate", "10/s", "-o", target)
    text = target.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=")
    assert "# model_list[1], group 'chat': 'azure/gpt-4o' is openai/gpt-4o" in text
    assert SECRET not in text
    assert ADDRESS not in text
    report = simulate(load_scenario(target, overrides=["duration=2min"])).report
    answers = [report.by.deployment[name].requests.completed for name in ("chat-0", "east")]
    assert sum(answers) > 1000
    assert answers[0] / sum(answers) == pytest.approx(0.75, abs=4 * (0.75 * 0.25 / sum(answers)) ** 0.5)


MODELS = {
    "gpt-4o-mini": "openai/gpt-4o-mini",
    "gpt-4-turbo-2024-04-09": "openai/gpt-4-turbo",
    "anthropic/claude-3-5-sonnet-20241022": "anthropic/claude-3.5-sonnet",
    "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0": "anthropic/claude-haiku-4.5",
    "bedrock/mistral.mistral-large-2402-v1:0": "aws/mistral-large-2402",
    "vertex_ai/claude-opus-4-5@20251101": "anthropic/claude-opus-4.5",
    "gemini/gemini-2.5-pro": "google/gemini-2.5-pro",
    "groq/llama-3.1-8b-instant": "groq/llama-3.1-8b",
    "together_ai/meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo": "together/llama-3.1-70b",
    "openrouter/deepseek/deepseek-r1": "deepseek/deepseek-r1",
    "groq/gpt-4o": None,
    "openai/gpt-4o-audio": None,
    "ollama/llama3.1:8b": None,
}
"""Offer by LiteLLM's name of a model."""


@pytest.mark.parametrize(("model", "offer"), MODELS.items())
def test_providers_names_lead_to_offers(model: str, offer: str | None) -> None:
    """Prefix, vendor, version and packaging are taken off; what is sold by others or unknown is a problem."""
    served = ServedModels(load_catalog(), {})
    found = served.of(0, GatewayEntry(id="a", group="g", model=model, settings={}, info={}))
    assert (found.offer if found else None) == offer
    assert len(served.problems) == (offer is None)


def test_all_unknown_models_are_listed_at_once(tmp_path: Path) -> None:
    """Each with offers near it and how to map it; unknown groups, maps and offers beside them."""
    path = written(
        tmp_path,
        entry("azure/my-gpt-4o"),
        entry("hosted_vllm/meta-llama/Llama-3.1-8B-Instruct", api_base=ADDRESS),
        entry("openai/llama-3.1-8b", id="mine", api_base=ADDRESS),
        settings={"fallbacks": [{"chat": ["nowhere"]}], "num_retries": "many"},
    )
    maps = ("--map", "azure/other=openai/gpt-4o", "--map", "mine=openai/gpt-4z")
    text = error_text(run("import", "litellm", path, *maps, code=2))
    for expected in (
        "--map 'azure/my-gpt-4o=openai/gpt-4o",
        "--map 'hosted_vllm/meta-llama/Llama-3.1-8B-Instruct=llama-3.1-8b@ACCELERATOR'",
        "'nowhere' is no model group",
        "num_retries: 'many'",
        "--map azure/other=openai/gpt-4o: no entry has this model",
        "--map mine=openai/gpt-4z: unknown offer",
    ):
        assert expected in text
    assert SECRET not in text


def test_a_map_names_an_offer_or_own_chips(tmp_path: Path) -> None:
    """By model or by id; own chips take no limit and no price by the token."""
    path = written(
        tmp_path,
        entry("azure/prod", api_base=ADDRESS, tpm=5000),
        entry("hosted_vllm/x", id="own", rpm=60, input_cost_per_token=1e-6),
    )
    maps = ("--map", "azure/prod=openai/gpt-4o-mini", "--map", "own=llama-3.1-8b@2xL40S")
    first, second = imported(path, *maps)["fleet"]
    assert first["api"] == {"offer": "openai/gpt-4o-mini", "input_tokens_per_min": 5000}
    assert second["hardware"] == {"accelerator": "l40s", "tensor_parallel": 2}
    assert (second["tier"], second["model"]) == ("dedicated", "llama-3.1-8b")


def test_own_prices_are_billed(tmp_path: Path) -> None:
    """A price in an entry is that of its deployment alone: twice the price, twice the bill."""
    prices = {"input_cost_per_token": 5e-6, "output_cost_per_token": 2e-5}
    bills = []
    for factor in (1, 2):
        own = {key: factor * value for key, value in prices.items()}
        made = imported(
            written(tmp_path, entry("openai/gpt-4o", id="a", **own), TWO[1] | {"model_name": "b"}),
            "--group",
            "chat",
        )
        report = simulate(load_scenario({**made, "duration": "2min"})).report
        bills.append(report.cost_usd.api)
        tokens = report.tokens
    assert bills[1] == pytest.approx(2 * bills[0])
    assert bills[0] == pytest.approx((5 * tokens.input + 20 * tokens.output) / 1e6, rel=0.02)


def test_settings_become_keys_of_the_router(tmp_path: Path) -> None:
    """Retries, cooldown and fallbacks are under resilience; LiteLLM's two retries are written out."""
    settings = {
        "num_retries": 4,
        "retry_after": 1.5,
        "cooldown_time": 30,
        "allowed_fails": 3,
        "max_fallbacks": 2,
        "fallbacks": [{"alias": ["cheap"]}],
        "model_group_alias": {"alias": "chat"},
    }
    path = written(
        tmp_path, *TWO, entry("gpt-4o-mini", "cheap"), entry("gpt-4o-mini", "spare"), settings=settings
    )
    made = imported(path, "--group", "alias")
    assert made["router"]["resilience"] == {
        "retries": 4,
        "retry_after": "1.5s",
        "cooldown": "30s",
        "allowed_fails": 3,
        "max_fallbacks": 2,
        "fallbacks": {"chat-0": ["cheap-2"], "east": ["cheap-2"]},
    }
    assert [one["weight"] for one in made["fleet"]] == [600, 200, 0]
    plain = imported(written(tmp_path, *TWO, settings={"disable_cooldowns": True}))
    assert plain["router"]["resilience"] == {"retries": 2, "cooldown": "0s"}


def test_a_broken_group_falls_back(tmp_path: Path) -> None:
    """While the first group is down the other answers; before and after it has nothing to do."""
    path = written(
        tmp_path, entry("openai/gpt-4o"), entry("gpt-4o-mini", "cheap"),
        settings={"fallbacks": [{"chat": ["cheap"]}]},
    )  # fmt: skip
    made = {**imported(path, "--group", "chat", "--rate", "5/s"), "duration": "2min"}
    assert "cheap-1" not in answered(made)
    made["faults"] = [{"kind": "outage", "target": "chat-0", "at": "0s", "duration": "1min"}]
    counts = answered(made)
    assert counts["cheap-1"] > 200
    assert counts["chat-0"] > 200


def answered(data: dict) -> dict[str, int]:
    """Answers by deployment, of those that gave any."""
    blocks = simulate(load_scenario(data)).report.by.deployment
    return {name: block.requests.completed for name, block in blocks.items() if block.requests.completed}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_has_a_policy(tmp_path: Path, strategy: str) -> None:
    """Each loads, with its own arguments and limits."""
    arguments = {"ttl": 60, "lowest_latency_buffer": 0.5} if strategy.startswith("latency") else {}
    settings = {"routing_strategy": strategy, "routing_strategy_args": arguments}
    router = imported(written(tmp_path, *TWO, settings=settings))["router"]
    expected = {
        "latency-based-routing": {"ttl_s": 60, "lowest_latency_buffer": 0.5},
        "usage-based-routing": {"rpm": {"chat-0": 600, "east": 200}},
        "usage-based-routing-v2": {"rpm": {"chat-0": 600, "east": 200}},
    }
    assert router.get("parameters") == expected.get(strategy)


UNSUPPORTED = {
    "router_settings.timeout": {"timeout": 30},
    "router_settings.fallbacks": {"routing_strategy": "least-busy", "fallbacks": [{"chat": ["chat"]}]},
    "router_settings.provider_budget_config": {"provider_budget_config": {"openai": {"budget_limit": 1}}},
    "router_settings.routing_strategy_args.x": {"routing_strategy_args": {"x": 1}},
}


@pytest.mark.parametrize("key", UNSUPPORTED)
def test_what_has_no_key_is_refused_or_listed(tmp_path: Path, key: str) -> None:
    """Refused with the list; with --ignore-unsupported the scenario says what it leaves out."""
    path = written(tmp_path, *TWO, settings=UNSUPPORTED[key])
    assert key in error_text(run("import", "litellm", path, code=2))
    done = run("import", "litellm", path, "--ignore-unsupported")
    assert f"# - {key}" in done.stdout
    assert key in done.stderr


def test_several_groups_are_named(tmp_path: Path) -> None:
    """Without --group the groups are listed; those that are left out stand in the file."""
    path = written(tmp_path, *TWO, entry("gpt-4o-mini", "big"))
    assert "'chat', 'big'; name the one to simulate by --group" in error_text(
        run("import", "litellm", path, code=2)
    )
    done = run("import", "litellm", path, "--group", "big")
    assert "# Not simulated, other groups: chat" in done.stdout


@pytest.mark.parametrize("text", ["", "[]", "model_list: 3", "a: [", "model_list: [{model_name: x}]"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    """In words, and nothing is written."""
    path, target = tmp_path / "broken.yaml", tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    assert "broken.yaml" in error_text(run("import", "litellm", path, "-o", target, code=2))
    assert not target.exists()


def test_wrong_options_are_listed_as_a_scenarios_problems(tmp_path: Path) -> None:
    """A rate, a region and a task that do not exist are all named."""
    options = ("--rate", "often", "--region", "moon", "--task", "gossip")
    text = error_text(run("import", "litellm", written(tmp_path, *TWO), *options, code=2))
    for word in ("often", "moon", "gossip"):
        assert word in text


def plain_entry(name: str, **settings: object) -> GatewayEntry:
    """An entry with an id."""
    return GatewayEntry(id=name, group="g", model="gpt-4o", settings=settings, info={})


def test_weights_are_what_litellm_draws_by() -> None:
    """The first entry decides by what: weight before rpm before tpm; zero alone counts for nothing."""
    assert shuffle_weights([plain_entry("a", weight=1, rpm=9), plain_entry("b", rpm=9)]) == [1.0, 0.0]
    assert shuffle_weights([plain_entry("a", rpm=9), plain_entry("b", weight=1, rpm=3)]) == [9.0, 3.0]
    assert shuffle_weights([plain_entry("a", weight=0, tpm=2), plain_entry("b", tpm=6)]) == [2.0, 6.0]
    assert shuffle_weights([plain_entry("a"), plain_entry("b")]) == [1.0, 1.0]


def test_names_are_fit_for_deployments_and_each_once() -> None:
    """Ids keep what a name may have."""
    names = deployment_names(
        [plain_entry("a/b"), plain_entry("a-b"), plain_entry("//"), plain_entry("x" * 99)]
    )
    assert names == ["a-b", "a-b-1", "entry-2", "x" * 80]


def test_the_json_of_a_run_names_the_deployments(tmp_path: Path) -> None:
    """`wayfare run` takes the file as printed."""
    target = tmp_path / "scenario.yaml"
    run("import", "litellm", written(tmp_path, *TWO), "-o", target)
    done = run("run", target, "--set", "duration=1min", "--json", "--quiet")
    assert set(json.loads(done.stdout)["by"]["deployment"]) == {"chat-0", "east"}


PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "from-litellm.md"


@pytest.mark.slow
def test_the_page_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its configuration, log, lines and commands lead to its figures and to its two gates."""
    page = PAGE.read_text(encoding="utf-8")
    config, lines = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (script,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    make, *_others, gate = re.findall(r"```sh\nwayfare (.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(config, encoding="utf-8")
    subprocess.run([sys.executable, "-c", script], check=True)
    run(*shlex.split(make))
    text = Path("scenario.yaml").read_text(encoding="utf-8")
    for line in lines.splitlines():
        key = line.partition(":")[0]
        text, count = re.subn(rf"^{key}:.*$", line, text, flags=re.MULTILINE)
        assert count == 1
    Path("scenario.yaml").write_text(text, encoding="utf-8")
    today = json.loads(run("run", "scenario.yaml", "--policy", "recorded", "--json", "--quiet").stdout)
    assert f"| `recorded`, today | {1000 * today['cost_usd']['per_request']:.2f} |" in page
    assert today["recorded"]["spend_usd"] == pytest.approx(today["cost_usd"]["total"], rel=0.01)
    assert "duration: 3683s" in run("trace", "inspect", "spend.jsonl").stdout
    words = gate.replace("\\\n", " ")
    run(*shlex.split(words), "--quiet")
    run(*shlex.split(words.replace("--replications 12", "--replications 5")), "--quiet", code=3)
    run(*shlex.split(words.replace("cheapest_capable:floor=0.8", "cascade")), "--quiet", code=1)
