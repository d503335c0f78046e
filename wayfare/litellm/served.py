"""What serves an entry of a gateway's configuration: an offer of the catalog, or own chips."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.near_names import did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalogs import Catalog
    from wayfare.litellm.config import GatewayEntry

PROVIDERS = {
    "": ("openai", "anthropic"),
    "anthropic": ("anthropic",),
    "azure": ("openai",),
    "azure_ai": ("openai",),
    "bedrock": ("aws", "anthropic"),
    "bedrock_converse": ("aws", "anthropic"),
    "deepseek": ("deepseek",),
    "gemini": ("google",),
    "groq": ("groq",),
    "openai": ("openai",),
    "openrouter": ("openai", "anthropic", "google", "deepseek"),
    "text-completion-openai": ("openai",),
    "together_ai": ("together",),
    "vertex_ai": ("google", "anthropic"),
}
"""Providers of the catalog by the first part of LiteLLM's `model` (docs.litellm.ai/docs/providers)."""

RESELLERS = ("azure", "azure_ai", "bedrock", "bedrock_converse", "openrouter", "vertex_ai")
"""Prefixes behind which another company sells the model: its price and pace may differ from the maker's."""

OWN_PREFIXES = (
    "hosted_vllm",
    "huggingface",
    "llamafile",
    "lm_studio",
    "ollama",
    "ollama_chat",
    "openai_like",
    "vllm",
    "xinference",
)
"""Prefixes of endpoints of one's own, of whose hardware a configuration says nothing."""

VENDOR = re.compile(r"^(?:(?:us|eu|apac|global)\.)?(?:anthropic|mistral|meta|deepseek|openai)\.")
ENDINGS = (
    r"-v\d+(?::\d+)?$",
    r"[@-]\d{4}-?\d{2}-?\d{2}$",
    r"-(?:latest|instant|versatile)$",
    r"-turbo$",
    r"-(?:instruct|chat|it)$",
)
"""What versions and packagings add to a model's name, from the end on."""
HARDWARE = re.compile(r"^(?P<model>[^@]+)@(?:(?P<chips>\d+)x)?(?P<accelerator>[^@]+)$")
WIDTHS = (1, 2, 4, 8, 16)
HOW_TO_MAP = "PROVIDER/MODEL (an offer of the catalog) or MODEL@ACCELERATOR (own chips, also MODEL@4xH100)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedBy:
    """What serves an entry: `offer`, or `chips` of an `accelerator`; `remark` says what was assumed."""

    model: str
    offer: str | None = None
    accelerator: str | None = None
    chips: int = 1
    remark: str = ""


class ServedModels:
    """Looks up what serves entries; collects those that nobody is known for."""

    def __init__(self, catalog: Catalog, stated: Mapping[str, str]) -> None:
        """`stated` are the user's own answers by an entry's model or id."""
        self._catalog = catalog
        self._stated = stated
        self.problems: list[str] = []

    def of(self, number: int, entry: GatewayEntry) -> ServedBy | None:
        """What serves an entry; None, and a problem, where that is unknown."""
        place = f"model_list[{number}].litellm_params.model"
        stated = self._stated.get(entry.id) or self._stated.get(entry.model)
        if stated is not None:
            return self._as_stated(stated)
        found = None if is_own(entry) else self._of_catalog(entry.model)
        if found is None:
            self.problems.append(f"{place}: {self._unknown(entry)}")
        return found

    def check_stated(self, entries: tuple[GatewayEntry, ...]) -> None:
        """Notes what was stated of models that the configuration lacks, and what cannot be."""
        known = [name for entry in entries for name in (entry.id, entry.model)]
        for name, value in self._stated.items():
            if name not in known:
                hint = did_you_mean(name, known)
                self.problems.append(
                    f"--map {name}={value}: no entry has this model or id; {hint}".rstrip("; ")
                )
            elif self._as_stated(value) is None:
                self.problems.append(f"--map {name}={value}: {self._unmapped(value)}")

    def _as_stated(self, value: str) -> ServedBy | None:
        """What a user's answer says; None where it names nothing of the catalog."""
        if value in self._catalog.offers:
            return ServedBy(model=self._catalog.offers[value].model, offer=value, remark="told by --map")
        match = HARDWARE.match(value)
        if match is None:
            return None
        model, accelerator, chips = match["model"], match["accelerator"].lower(), int(match["chips"] or 1)
        if model not in self._catalog.models or accelerator not in self._catalog.accelerators:
            return None
        if chips not in WIDTHS:
            return None
        return ServedBy(
            model=model,
            accelerator=accelerator,
            chips=chips,
            remark="told by --map; assumed: one replica at bf16",
        )

    def _unmapped(self, value: str) -> str:
        """What is wrong with a user's answer."""
        match = HARDWARE.match(value)
        if match is None:
            return f"unknown offer; {did_you_mean(value, self._catalog.offers)}allowed: {HOW_TO_MAP}"
        model = did_you_mean(match["model"], self._catalog.models)
        chip = did_you_mean(match["accelerator"], self._catalog.accelerators)
        widths = ", ".join(map(str, WIDTHS))
        return f"unknown model, accelerator or number of chips ({widths}); {model}{chip}allowed: {HOW_TO_MAP}"

    def _of_catalog(self, model: str) -> ServedBy | None:
        """The offer of a model's name, without the packaging that providers wrap around it."""
        prefix, _slash, rest = model.partition("/") if "/" in model else ("", "", model)
        offers = {
            plain_name(name.partition("/")[2]): name
            for provider in reversed(PROVIDERS.get(prefix, ()))
            for name in self._catalog.offers
            if name.startswith(f"{provider}/")
        }
        first, *others = simpler_names(rest)
        name = next((name for name in (first, *others) if name in offers), None)
        if name is None:
            return None
        offer = offers[name]
        notes = ["assumed: this version is as the model"] if name != first else []
        notes += ["assumed: sold at its maker's prices and pace"] if prefix in RESELLERS else []
        return ServedBy(model=self._catalog.offers[offer].model, offer=offer, remark="; ".join(notes))

    def _unknown(self, entry: GatewayEntry) -> str:
        """What to say of an entry that nobody is known for, with offers that are near."""
        if is_own(entry):
            model = next(iter(self._near(entry.model, self._catalog.models)), "MODEL")
            return f"{entry.model!r} is an endpoint of your own: --map '{entry.model}={model}@ACCELERATOR'"
        near = self._near(entry.model, self._catalog.offers)
        listed = f"; near: {', '.join(map(repr, near))}" if near else ""
        named = near[0] if near else "PROVIDER/MODEL"
        return f"{entry.model!r} is no offer of the catalog{listed}: --map '{entry.model}={named}'"

    def _near(self, model: str, known: Mapping[str, object]) -> list[str]:
        """Names of the catalog that are near the model's, packagings left out."""
        simplest = list(simpler_names(model.partition("/")[2] or model))[-1]
        by_plain = {plain_name(name.rpartition("/")[2]): name for name in known}
        return [by_plain[name] for name in near_names(by_plain, simplest)]


def is_own(entry: GatewayEntry) -> bool:
    """Whether an entry is an endpoint of the user's own."""
    prefix = entry.model.partition("/")[0] if "/" in entry.model else ""
    return prefix in OWN_PREFIXES or (entry.own_address and prefix in ("", "openai"))


def plain_name(name: str) -> str:
    """A model's name as providers agree on it: small, dots and underscores as dashes."""
    return re.sub(r"[._]", "-", name.lower())


def simpler_names(name: str) -> Iterator[str]:
    """The name as it is, then ever fewer of vendor, version and packaging around it."""
    bare = VENDOR.sub("", name.rpartition("/")[2].lower())
    current = re.sub(r"^meta-", "", bare)
    yield plain_name(current)
    for ending in ENDINGS:
        shorter = re.sub(ending, "", current)
        if shorter != current:
            current = shorter
            yield plain_name(current)
