"""Reads a LiteLLM proxy's configuration: model groups and settings, without keys, addresses or LiteLLM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from catalogs.near_names import did_you_mean, shown
from router.errors import PolicyLoadError
from wayfare.litellm.features import (
    BESIDE_THE_POINT,
    CHAT_MODES,
    ENTRY_SETTINGS,
    GLOBAL_SETTINGS,
    NUMBERS,
    ROUTER_MODELS,
    ROUTER_SETTINGS,
    SECTIONS,
    STRATEGIES,
    UNSUPPORTED_ENTRY_SETTINGS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

FROM_ENVIRONMENT = "os.environ/"
ADDRESSES = frozenset({"api_base", "base_url"})
OWN_KEY = "wayfare_deployment"
"""Key of `model_info` that names the deployment of the fleet an entry stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEntry:
    """One entry of `model_list`: a deployment as the gateway knows it.

    `settings` are its limits, weights and prices as LiteLLM has them; `info` its `model_info` without
    Wayfare's key. `deployment` is the fleet's name for it where the configuration states one;
    `own_address` whether an address is stated, which is never kept.
    """

    id: str
    group: str
    model: str
    settings: Mapping[str, object]
    info: Mapping[str, object]
    deployment: str | None = None
    own_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """What a configuration says to a router.

    Attributes:
        path: the file, for messages.
        entries: the deployments, in their order.
        router: arguments of `litellm.Router`.
        module: what is set on the module `litellm`.
        unsupported: what was found that cannot be simulated, as `path.to.key: why`.
    """

    path: str
    entries: tuple[GatewayEntry, ...]
    router: Mapping[str, object]
    module: Mapping[str, object]
    unsupported: tuple[str, ...] = ()

    def groups(self) -> tuple[str, ...]:
        """The names that a request can ask for, aliases last."""
        aliases = self.router.get("model_group_alias")
        names = (entry.group for entry in self.entries)
        return tuple(dict.fromkeys((*names, *(aliases if isinstance(aliases, dict) else ()))))


class GatewayReader:
    """Collects a configuration's problems and unsupported features while it is read."""

    def __init__(self, path: str) -> None:
        """Nothing was read yet."""
        self._path = path
        self.problems: list[str] = []
        self.unsupported: list[str] = []

    def config(self, data: Mapping[str, object]) -> GatewayConfig:
        """The configuration in a file's data; problems are kept, not raised."""
        self._sections(data)
        entries = tuple(self._entries(data.get("model_list")))
        router = self._settings("router_settings", data, ROUTER_SETTINGS)
        module = self._settings("litellm_settings", data, GLOBAL_SETTINGS)
        self._settings("general_settings", data, frozenset())
        self._strategy(router)
        self._ids(entries)
        return GatewayConfig(
            path=self._path,
            entries=entries,
            router=router,
            module=module,
            unsupported=tuple(self.unsupported),
        )

    def _sections(self, data: Mapping[str, object]) -> None:
        """Sections beyond those that are known: guardrails, prompts and the like."""
        self.unsupported += [f"{name}: the whole section" for name in data if name not in SECTIONS]

    def _entries(self, listed: object) -> Iterator[GatewayEntry]:
        """The entries of `model_list` that could be read."""
        if not isinstance(listed, list) or not listed:
            self.problems.append(f"model_list: {shown(listed)} is not a list of at least one deployment")
            return
        for number, raw in enumerate(listed):
            entry = self._entry(f"model_list[{number}]", number, raw)
            if entry is not None:
                yield entry

    def _entry(self, path: str, number: int, raw: object) -> GatewayEntry | None:
        """One entry; None where its group or model is not stated."""
        fields = self._mapping(path, raw)
        params = self._mapping(f"{path}.litellm_params", fields.get("litellm_params"))
        info = dict(self._mapping(f"{path}.model_info", fields.get("model_info") or {}))
        group = self._text(f"{path}.model_name", fields.get("model_name"))
        model = self._text(f"{path}.litellm_params.model", params.get("model"))
        if group is None or model is None:
            return None
        self._entry_features(path, params, info, group, model)
        own = info.pop(OWN_KEY, None)
        deployment = None if own is None else self._text(f"{path}.model_info.{OWN_KEY}", own)
        name = str(info.pop("id", f"{group}-{number}"))
        kept = {key: value for key, value in params.items() if key in ENTRY_SETTINGS}
        self._numbers(f"{path}.litellm_params", kept)
        return GatewayEntry(
            id=name,
            group=group,
            model=model,
            settings=kept,
            info=info,
            deployment=deployment,
            own_address=not ADDRESSES.isdisjoint(params),
        )

    def _entry_features(
        self, path: str, params: Mapping[str, object], info: Mapping[str, object], group: str, model: str
    ) -> None:
        """What of an entry cannot be simulated."""
        for key, why in UNSUPPORTED_ENTRY_SETTINGS.items():
            if key in params:
                self.unsupported.append(f"{path}.litellm_params.{key}: {why}")
        if model.startswith(ROUTER_MODELS):
            self.unsupported.append(f"{path}.litellm_params.model: {model!r} reads the prompt's text")
        if info.get("mode") not in CHAT_MODES:
            self.unsupported.append(f"{path}.model_info.mode: {info['mode']!r}; only chat is simulated")
        if "*" in group or "*" in model:
            self.problems.append(f"{path}: {group!r} is a wildcard; list each model that the fleet has")

    def _settings(self, section: str, data: Mapping[str, object], known: frozenset[str]) -> dict[str, object]:
        """The settings of a section that act; others are unsupported unless they change no route."""
        values = self._mapping(section, data.get(section) or {})
        for key in values:
            if key not in known and key not in BESIDE_THE_POINT[section]:
                hint = did_you_mean(key, known).rstrip()
                self.unsupported.append(f"{section}.{key}: not simulated{'; ' + hint if hint else ''}")
        kept = {key: value for key, value in values.items() if key in known}
        self._numbers(section, kept)
        return kept

    def _strategy(self, router: Mapping[str, object]) -> None:
        """A strategy that no simulation can follow, or none at all."""
        strategy = router.get("routing_strategy", STRATEGIES[0])
        if strategy not in STRATEGIES:
            hint = did_you_mean(str(strategy), STRATEGIES)
            allowed = ", ".join(map(repr, STRATEGIES))
            text = f"router_settings.routing_strategy: {shown(strategy)}; {hint}allowed: {allowed}"
            self.problems.append(text)

    def _ids(self, entries: tuple[GatewayEntry, ...]) -> None:
        """Identifiers that two entries share."""
        ids = [entry.id for entry in entries]
        repeated = dict.fromkeys(name for name in ids if ids.count(name) > 1)
        self.problems += [f"model_list: two entries have the model_info.id {name!r}" for name in repeated]

    def _numbers(self, path: str, values: Mapping[str, object]) -> None:
        """Values that are no numbers >= 0 where they must be; the environment is never read for them."""
        for key, value in values.items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
            if key not in NUMBERS or value is None or number:
                continue
            hint = "; the environment is not read: write the number" if of_environment(value) else ""
            self.problems.append(f"{path}.{key}: {shown(value)} is not a number >= 0{hint}")

    def _mapping(self, path: str, value: object) -> Mapping[str, object]:
        """The value, a mapping with text as keys; empty where it is none."""
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return value
        self.problems.append(f"{path}: {shown(value)} is not a mapping")
        return {}

    def _text(self, path: str, value: object) -> str | None:
        """The value, a text that is not empty."""
        if isinstance(value, str) and value:
            return value
        self.problems.append(f"{path}: {shown(value)} is not a name")
        return None


def of_environment(value: object) -> bool:
    """Whether a value stands for a variable of the environment."""
    return isinstance(value, str) and value.startswith(FROM_ENVIRONMENT)


def read_config(path: str) -> GatewayConfig:
    """The configuration in a file.

    Raises:
        PolicyLoadError: it cannot be read, or says what no router can be made of; lists all problems.
    """
    reader = GatewayReader(path)
    data = file_data(path)
    if not isinstance(data, Mapping):
        raise PolicyLoadError(f"{path}: not a mapping with a model_list")
    config = reader.config(data)
    if reader.problems:
        raise PolicyLoadError("\n".join(f"{path}: {problem}" for problem in reader.problems))
    return config


def opening_of(config: GatewayConfig, seed: int, epoch_s: float) -> dict[str, object]:
    """What a gateway's process is told first, as plain data; variables of the environment stand empty."""
    entries = [
        {"id": e.id, "group": e.group, "model": e.model, "settings": e.settings, "info": e.info}
        for e in config.entries
    ]
    opening = {"entries": entries, "router": config.router, "module": config.module}
    return {"seed": seed, "epoch_s": epoch_s, **{key: plain(value) for key, value in opening.items()}}


def plain(value: object) -> object:
    """The value as JSON holds it; an empty text for what the environment would hold."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return "" if of_environment(value) else str(value)


def file_data(path: str) -> object:
    """What a YAML file holds.

    Raises:
        PolicyLoadError: there is no such file, or it is no YAML; chained.
    """
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PolicyLoadError(f"{path}: cannot be read: {error}") from error
