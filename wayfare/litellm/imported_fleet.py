"""Entries of a gateway's configuration as deployments of a scenario: plain data, with where it is from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.units import TOKENS_PER_MTOK
from wayfare.litellm.native_settings import ENTRY_READ

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalogs import Catalog
    from wayfare.litellm.config import GatewayEntry
    from wayfare.litellm.served import ServedBy

SHARES = ("weight", "rpm", "tpm")
"""What `simple-shuffle` draws by: the first that a group's first entry states (litellm 1.100.5)."""
LONGEST_NAME = 80
PRICES = {"input_cost_per_token": "input_usd_per_mtok", "output_cost_per_token": "output_usd_per_mtok"}
LIMITS = {"rpm": "requests_per_min", "tpm": "input_tokens_per_min"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedDeployment:
    """A deployment, as a scenario's file holds it, and what to say of it there.

    Attributes:
        entry: what it was made of; its place in `model_list` is `number`.
        fields: the deployment's keys.
        offer: an entry of `catalog.overrides.offers` by its name, where the configuration states prices.
        comments: what was taken from where, and what was assumed.
    """

    number: int
    entry: GatewayEntry
    fields: Mapping[str, object]
    offer: Mapping[str, Mapping[str, object]]
    comments: tuple[str, ...]

    @property
    def name(self) -> str:
        """The deployment's name."""
        return str(self.fields["name"])


def imported_deployment(
    number: int, entry: GatewayEntry, served: ServedBy, name: str, region: str, catalog: Catalog
) -> ImportedDeployment:
    """The deployment that an entry is."""
    offer = own_offer(entry, served, name, catalog)
    taken = served.offer or f"{served.model} on {served.chips} {served.accelerator}"
    comments = [f"model_list[{number}], group {entry.group!r}: {entry.model!r} is {taken}"]
    comments += [served.remark] if served.remark else []
    comments += list(remarks(entry, served))
    fields = {
        "name": name,
        "tier": "cloud" if served.offer else "dedicated",
        "model": served.model,
        **backend(entry, served, next(iter(offer), served.offer)),
        "region": region,
    }
    return ImportedDeployment(
        number=number, entry=entry, fields=fields, offer=offer, comments=tuple(comments)
    )


def backend(entry: GatewayEntry, served: ServedBy, offer: str | None) -> dict[str, object]:
    """What serves, with the limits that the entry states of an API."""
    if served.accelerator is not None:
        wide = {"tensor_parallel": served.chips} if served.chips > 1 else {}
        return {"hardware": {"accelerator": served.accelerator, **wide}}
    limits = {key: entry.settings[stated] for stated, key in LIMITS.items() if entry.settings.get(stated)}
    return {"api": {"offer": offer, **limits}}


def own_offer(
    entry: GatewayEntry, served: ServedBy, name: str, catalog: Catalog
) -> dict[str, dict[str, object]]:
    """An offer at the entry's own prices, at the pace of the catalog's; nothing without prices of its own."""
    stated = {key: entry.settings[key] for key in PRICES if entry.settings.get(key) is not None}
    if not stated or served.offer is None:
        return {}
    base = catalog.offer(served.offer)
    listed = base.prices[-1]
    prices = {
        PRICES[key]: usd_per_mtok(stated[key]) if key in stated else float(getattr(listed, PRICES[key]))
        for key in PRICES
    }
    figures = base.model_dump(mode="json", include={"ttft_s", "output_tokens_per_s"}, exclude_none=True)
    source = "the gateway's configuration; latency and pace are those of " + served.offer
    day = base.retrieved.isoformat() if base.retrieved else None
    facts = {"source": source, "retrieved": day, "estimate": True}
    whole = {"provider": base.provider, "model": served.model, **figures, **facts, "prices": prices}
    return {f"gateway/{name}": whole}


def usd_per_mtok(usd_per_token: object) -> float:
    """USD per million tokens, without the noise of binary fractions."""
    return float(f"{float(str(usd_per_token)) * TOKENS_PER_MTOK:.10g}")


def remarks(entry: GatewayEntry, served: ServedBy) -> Iterator[str]:
    """What a reader must know of an entry's limits and prices."""
    stated = {key for key in ENTRY_READ if entry.settings.get(key)}
    if "tpm" in stated and served.offer is not None:
        yield "tpm counts prompts and answers; here it limits prompts, as providers refuse them"
    if served.offer is None and stated & {"rpm", "tpm"}:
        yield "rpm and tpm are not limits here: own chips take what fits them"
    if stated & set(PRICES):
        yield price_remark(served)


def price_remark(served: ServedBy) -> str:
    """What to say of an entry's own prices."""
    if served.offer is None:
        return "its price by the token is left out: own chips are paid by the hour"
    return "at the entry's own prices, cached prompts at no discount"


def unsupported_of(number: int, entry: GatewayEntry) -> Iterator[str]:
    """What of an entry no deployment can say."""
    for key, value in entry.settings.items():
        if key not in ENTRY_READ and value is not None and (key, value) != ("max_retries", 0):
            yield f"model_list[{number}].litellm_params.{key}: a deployment has no such key"


def deployment_names(entries: Sequence[GatewayEntry]) -> list[str]:
    """A deployment's name for each entry: its id, as names may be written; each once."""
    names: list[str] = []
    for number, entry in enumerate(entries):
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", entry.id).strip("._-")[:LONGEST_NAME]
        good = plain or f"entry-{number}"
        names.append(f"{good[: LONGEST_NAME - 8]}-{number}" if good in names else good)
    return names


def shuffle_weights(entries: Sequence[GatewayEntry]) -> list[float]:
    """The shares in which `simple-shuffle` draws the entries of one group."""
    for fact in SHARES:
        if entries[0].settings.get(fact) is None:
            continue
        shares = [float(str(entry.settings.get(fact) or 0)) for entry in entries]
        if sum(shares) > 0.0:
            return shares
    return [1.0] * len(entries)
