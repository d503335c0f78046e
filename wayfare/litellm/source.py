"""Hosted gateways by texts such as `litellm:config.yaml`; a policy source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from router.errors import PolicyLoadError
from router.factory import PolicyDescription
from router.parameters import describe_parameters, read_parameters
from wayfare.litellm.config import read_config
from wayfare.litellm.features import LITELLM_REFUSED
from wayfare.litellm.parameters import LitellmParameters
from wayfare.litellm.policy import LitellmPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.factory import PolicyFactory
    from wayfare.litellm.config import GatewayConfig

SCHEME = "litellm:"
NEEDED = ("litellm", "time-machine")


def litellm_source(spec: str) -> PolicyFactory:
    """The gateway that the configuration at `litellm:path` describes.

    Raises:
        PolicyLoadError: LiteLLM is not installed, or is a version that is never run.
    """
    check_installed()
    return LitellmFactory(spec)


@dataclass(frozen=True, slots=True)
class LitellmFactory:
    """How to make and to describe a hosted gateway."""

    spec: str

    def make(self, values: Mapping[str, object]) -> LitellmPolicy:
        """A new policy that hosts the gateway; no process is started before the first request.

        Raises:
            InvalidPolicyParameterError: lists every parameter that is wrong.
            PolicyLoadError: the configuration cannot be read, or asks for what cannot be simulated.
        """
        parameters = read_parameters(LitellmParameters, values)
        config = read_config(self.spec.removeprefix(SCHEME))
        if not parameters.ignore_unsupported:
            check_supported(config)
        parameters.check_groups(config)
        return LitellmPolicy(self.spec, with_strategy(config, parameters.routing_strategy), parameters)

    def describe(self, name: str) -> PolicyDescription:
        """What there is to say about hosted gateways."""
        return PolicyDescription(
            name=name,
            contract=LitellmPolicy.__doc__ or "",
            parameters=describe_parameters(LitellmParameters),
            oracle=False,
            baseline=False,
        )


def with_strategy(config: GatewayConfig, strategy: str | None) -> GatewayConfig:
    """The configuration with another strategy, where one is given."""
    if strategy is None:
        return config
    return replace(config, router={**config.router, "routing_strategy": strategy})


def check_supported(config: GatewayConfig) -> None:
    """Nothing, where all of a configuration can be simulated.

    Raises:
        PolicyLoadError: lists what cannot.
    """
    if config.unsupported:
        listed = "\n".join(f"  {feature}" for feature in config.unsupported)
        raise PolicyLoadError(
            f"{config.path}: a simulation has nothing for these settings; remove them, or run without "
            f"them by the parameter ignore_unsupported: true\n{listed}"
        )


def check_installed() -> None:
    """Nothing, where LiteLLM can be hosted.

    Raises:
        PolicyLoadError: it is not installed, or is a version that is never run.
    """
    versions = {name: installed(name) for name in NEEDED}
    missing = [name for name, found in versions.items() if found is None]
    if missing:
        raise PolicyLoadError(
            f"'litellm:' needs {' and '.join(missing)}, not installed here: pip install 'wayfare[litellm]'"
        )
    refusal = LITELLM_REFUSED.get(versions["litellm"] or "")
    if refusal is not None:
        raise PolicyLoadError(f"litellm {versions['litellm']} is refused: {refusal}; install another version")


def installed(name: str) -> str | None:
    """A package's version; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
