"""A LiteLLM configuration as it is read: groups, settings, what cannot be simulated, what stands for what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gateway_worlds import crowded_targets
from router import InvalidPolicyParameterError, PolicyLoadError
from router.testing.samples import sample_targets
from wayfare.litellm.config import opening_of, read_config
from wayfare.litellm.mapping import mapped
from wayfare.litellm.parameters import LitellmParameters
from wayfare.litellm.source import LitellmFactory

EXAMPLE = Path(__file__).with_name("litellm_config.yaml")


def entry(name: str = "edge", group: str = "grp", **params: object) -> dict[str, object]:
    """An entry of a model list."""
    return {
        "model_name": group,
        "litellm_params": {"model": "openai/any", **params},
        "model_info": {"id": name},
    }


def written(tmp_path: Path, *entries: dict[str, object], **sections: object) -> str:
    """A configuration's file."""
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"model_list": list(entries) or [entry()], **sections}), encoding="utf-8")
    return str(path)


def refusal(path: str, **parameters: object) -> str:
    """Why a configuration is refused."""
    with pytest.raises((PolicyLoadError, InvalidPolicyParameterError)) as caught:
        LitellmFactory(f"litellm:{path}").make(parameters)
    return str(caught.value)


def test_entries_keep_what_a_router_acts_on_and_no_secret() -> None:
    """Keys, addresses and whatever stands for the environment reach no process."""
    config = read_config(str(EXAMPLE))
    assert [entry.id for entry in config.entries] == ["fast", "middle", "a-third"]
    assert config.groups() == ("chat",)
    text = repr(opening_of(config, 1, 0.0))
    assert "KEY" not in text
    assert "example" not in text
    assert "BASE" not in text
    assert "num_retries" in text


def test_limits_and_weights_are_passed_on(tmp_path: Path) -> None:
    """Limits, weights and prices of an entry stay as they are; how to reach a provider goes."""
    given = {"rpm": 60, "tpm": 1000, "weight": 2, "input_cost_per_token": 1e-6}
    path = written(tmp_path, entry(**given, api_key="sk-secret", aws_region_name="x", temperature=0))
    assert read_config(path).entries[0].settings == given


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Every problem is listed with the file, the key and what is allowed."""
    path = written(
        tmp_path,
        entry(rpm="os.environ/RPM"),
        entry(weight=-1),
        {"model_name": "x"},
        entry("y", group="*"),
        router_settings={"routing_strategy": "least_busy", "num_retries": "two"},
    )
    text = refusal(path)
    for expected in (
        "model_list[0].litellm_params.rpm: 'os.environ/RPM' is not a number >= 0; the environment is not",
        "model_list[1].litellm_params.weight: -1 is not a number",
        "model_list[2].litellm_params: None is not a mapping",
        "model_list[3]: '*' is a wildcard",
        "router_settings.num_retries: 'two'",
        "did you mean 'least-busy'?",
        "two entries have the model_info.id 'edge'",
    ):
        assert expected in text
    assert all(line.startswith(path) for line in text.splitlines())


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", "model_list: []", "model_list: 3", "{", "\0", "model_list: [3]", "1: 2"]
)
def test_files_that_are_no_configuration_are_refused(tmp_path: Path, text: str) -> None:
    """Whatever a file holds, the message begins with its path."""
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    assert refusal(str(path)).startswith(str(path))
    assert "cannot be read" in refusal(str(tmp_path / "none.yaml"))


def test_what_cannot_be_simulated_is_listed_and_can_be_ignored(tmp_path: Path) -> None:
    """Callbacks, caches, guardrails and budgets are refused in one message, or dropped on request."""
    path = written(
        tmp_path,
        entry(max_budget=5),
        entry("second", tags=["free"]),
        guardrails=[{"guardrail_name": "x"}],
        router_settings={"redis_host": "r", "provider_budget_config": {}, "num_retrys": 3},
        litellm_settings={"success_callback": ["langfuse"], "cache": True, "set_verbose": True},
        general_settings={"master_key": "os.environ/K", "database_url": "postgres://"},
    )
    text = refusal(path)
    for expected in (
        "guardrails: the whole section",
        "model_list[0].litellm_params.max_budget: budgets",
        "model_list[1].litellm_params.tags: routing by tags",
        "router_settings.redis_host",
        "router_settings.provider_budget_config",
        "router_settings.num_retrys: not simulated; did you mean 'num_retries'?",
        "litellm_settings.success_callback",
        "litellm_settings.cache",
        "general_settings.database_url",
        "ignore_unsupported: true",
    ):
        assert expected in text
    assert "master_key" not in text
    assert "set_verbose" not in text
    made = LitellmFactory(f"litellm:{path}").make({"ignore_unsupported": True})
    warnings = made.finish()
    assert len(warnings) == 9
    assert all("not simulated" in warning for warning in warnings)
    assert "redis_host" not in repr(opening_of(read_config(path), 1, 0.0))


def test_models_that_read_the_prompt_cannot_be_simulated(tmp_path: Path) -> None:
    """Routers behind a model's name, and models that do not chat, are unsupported."""
    auto = entry() | {"litellm_params": {"model": "auto_router/x"}}
    pictures = entry("p") | {"model_info": {"mode": "image_generation"}}
    text = refusal(written(tmp_path, auto, pictures))
    assert "reads the prompt's text" in text
    assert "only chat is simulated" in text


def test_groups_are_chosen_by_name_and_task(tmp_path: Path) -> None:
    """The only group is everybody's; of several one is named, others by task."""
    path = written(tmp_path, entry(), entry("near", group="large"))
    config = read_config(path)
    assert "required: there are several model groups: 'grp', 'large'" in refusal(path)
    assert "did you mean 'large'?" in refusal(path, group="larger")
    assert "groups.reasoning" in refusal(path, group="grp", groups={"reasoning": "huge"})
    parameters = LitellmParameters(group="grp", groups={"reasoning": "large"})
    assert parameters.group_of("reasoning", config) == "large"
    assert parameters.group_of("support_chat", config) == "grp"
    assert LitellmParameters().group_of("any", read_config(written(tmp_path, entry()))) == "grp"


def test_an_alias_is_a_group(tmp_path: Path) -> None:
    """Requests may ask for an alias of a group."""
    path = written(tmp_path, entry(), router_settings={"model_group_alias": {"gpt": "grp"}})
    assert LitellmFactory(f"litellm:{path}").make({"group": "gpt"})


def test_another_strategy_takes_the_place_of_the_files_own(tmp_path: Path) -> None:
    """`routing_strategy` is a parameter as well; unknown ones are refused with near names."""
    path = written(tmp_path, entry(), router_settings={"routing_strategy": "least-busy", "retry_after": 1})
    made = LitellmFactory(f"litellm:{path}").make({"routing_strategy": "simple-shuffle"})
    assert made._config.router == {"routing_strategy": "simple-shuffle", "retry_after": 1}
    assert "did you mean 'simple-shuffle'?" in refusal(path, routing_strategy="simple_shuffle")


def test_an_unknown_parameter_is_refused(tmp_path: Path) -> None:
    """Parameters are checked as everybody's."""
    assert "did you mean 'group'?" in refusal(written(tmp_path, entry()), grouping="grp")


def places(tmp_path: Path, *entries: dict[str, object], targets=None, **stated: str):
    """The targets that entries stand for."""
    return mapped(read_config(written(tmp_path, *entries)), targets or crowded_targets(), stated)


def test_entries_stand_for_deployments_by_id_model_or_statement(tmp_path: Path) -> None:
    """What is stated goes first, then the id, then the model with and without its provider."""
    stated = entry("edge") | {"model_info": {"id": "edge", "wayfare_deployment": "far"}}
    assert places(tmp_path, stated) == ((2,),)
    assert places(tmp_path, entry("edge"), edge="near") == ((1,),)
    assert places(tmp_path, entry("near")) == ((1,),)
    assert places(tmp_path, entry("u1", model="azure/far"), entry("u2", model="far")) == ((2,), (2,))
    assert places(tmp_path, entry("u1", model="openai/large")) == ((2,),)


def test_replicas_of_a_deployment_are_all_meant(tmp_path: Path) -> None:
    """A deployment's name stands for its replicas, a replica's for itself."""
    targets = sample_targets((1, 3, 1, 1))
    found = places(tmp_path, entry("medium"), entry("medium/1"), targets=targets)
    assert found == ((1, 2, 3), (2,))


def test_a_model_with_two_deployments_is_not_clear(tmp_path: Path) -> None:
    """A model's name stands for its deployment only where that is the only one."""
    twins = tuple(replace(target, model="twin") for target in crowded_targets())
    with pytest.raises(PolicyLoadError, match="'u' "):
        places(tmp_path, entry("u", model="openai/twin"), targets=twins)


def test_all_entries_that_stand_for_nothing_are_listed(tmp_path: Path) -> None:
    """One message has every entry, how to map it and what there is."""
    with pytest.raises(PolicyLoadError) as caught:
        places(tmp_path, entry("u1"), entry("edge"), entry("u2"), entry("u3"), u3="nowhere", ghost="edge")
    text = str(caught.value)
    for expected in ("'u1'", "'u2'", "'u3'", "wayfare_deployment", "'edge', 'near', 'far'", "'ghost'"):
        assert expected in text
    assert text.count("group 'grp'") == 3
