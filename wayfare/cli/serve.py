"""`wayfare serve`: the service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wayfare.cli.serving import serving_options, serving_settings
from wayfare.errors import WrongInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator import Scenario
    from wayfare.listening import Tls
    from wayfare.server import ServerSettings

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("serve")
@click.option(
    "--grpc-address", default="127.0.0.1:50051", show_default=True, help="host:port; port 0 takes any."
)
@click.option(
    "--metrics-address",
    metavar="HOST:PORT",
    help="Where /metrics is scraped.  [default: 127.0.0.1:9464, or any port with any gRPC port]",
)
@click.option(
    "--published-runs",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Runs on /metrics at the same time; the newest win.",
)
@click.option(
    "--remote-write", metavar="URL", default="", help="Push every published run to it when it finishes."
)
@click.option("--vllm-metrics", is_flag=True, help="Show published runs under vLLM's names as well.")
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".wayfare"),
    show_default=True,
    help="Folder of runs, results and uploads.",
)
@click.option("--tokens", type=FILE, metavar="FILE", help="YAML map of tenants to their bearer tokens.")
@click.option("--tls-certificate", type=FILE, metavar="PEM", help="The server's certificate.")
@click.option("--tls-key", type=FILE, metavar="PEM", help="The server's key.")
@click.option(
    "--tls-clients-ca", type=FILE, metavar="PEM", help="Require clients' certificates signed by it."
)
@click.option(
    "--route",
    "routes",
    multiple=True,
    metavar="SCENARIO",
    help="A scenario to serve as a live router for all tenants. Repeatable.",
)
@click.option(
    "--allow-policy-server",
    "policy_servers",
    multiple=True,
    metavar="grpc://HOST:PORT",
    help="A policy server that runs submitted over the wire may use. Repeatable.",
)
@click.option("--insecure-anywhere", is_flag=True, help="Listen beyond loopback without TLS and tokens.")
@serving_options
def command(
    grpc_address: str,
    metrics_address: str | None,
    published_runs: int,
    remote_write: str,
    vllm_metrics: bool,  # noqa: FBT001  (a flag of the command line)
    store: Path,
    tokens: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    tls_clients_ca: Path | None,
    routes: tuple[str, ...],
    policy_servers: tuple[str, ...],
    insecure_anywhere: bool,  # noqa: FBT001  (a flag of the command line)
) -> None:
    """Serve gRPC until interrupted: wayfare.v1, health and reflection; and /metrics for Prometheus."""
    import asyncio

    from wayfare.listening import UnsafeAddressError
    from wayfare.metrics.service import MetricsSettings
    from wayfare.server import ServerSettings, serve
    from wayfare.service.allocator import bound_allocator
    from wayfare.service.errors import RefusedError
    from wayfare.service.rpc.access import Access
    from wayfare.storage.lock import StoreInUseError
    from wayfare.storage.migrations import NewerStoreError
    from wayfare.storage.store import DamagedStoreError

    bound_allocator()
    settings = ServerSettings(
        address=grpc_address,
        folder=store,
        tls=tls_of(tls_certificate, tls_key, tls_clients_ca),
        access=Access(tokens=tenants_by_token(tokens) if tokens else {}),
        routes=routed(routes),
        policy_servers=policy_servers,
        insecure_anywhere=insecure_anywhere,
        metrics=MetricsSettings(
            address=metrics_address or default_metrics_address(grpc_address),
            published=published_runs,
            remote_write=remote_write,
            vllm=vllm_metrics,
        ),
        **serving_settings(several=tokens is not None),
    )
    unserved = (UnsafeAddressError, RefusedError, StoreInUseError, NewerStoreError, DamagedStoreError)
    try:
        asyncio.run(serve(settings, lambda *ports: announce(settings, *ports)))
    except unserved as error:
        raise WrongInputError(str(error)) from error


def tls_of(certificate: Path | None, key: Path | None, clients_ca: Path | None) -> Tls | None:
    """How the port is kept; None without a certificate."""
    from wayfare.listening import Tls

    if (certificate is None) != (key is None) or (clients_ca and key is None):
        message = "--tls-certificate and --tls-key go together; --tls-clients-ca goes with them"
        raise click.UsageError(message)
    if certificate is None or key is None:
        return None
    return Tls(certificate=certificate, key=key, clients_ca=clients_ca)


def default_metrics_address(grpc_address: str) -> str:
    """Loopback's port 9464; any port beside a gRPC port that is any."""
    return "127.0.0.1:0" if grpc_address.endswith(":0") else "127.0.0.1:9464"


def announce(settings: ServerSettings, port: int, metrics_port: int | None) -> None:
    """Says where the service is."""
    host = settings.address.rpartition(":")[0]
    click.echo(f"serving gRPC on {host}:{port}")
    if settings.metrics is not None:
        host = settings.metrics.address.rpartition(":")[0]
        click.echo(f"serving metrics on http://{host}:{metrics_port}/metrics")


def routed(names: Sequence[str]) -> list[Scenario]:
    """The scenarios whose routers are configured."""
    from simulator import load_scenario

    scenarios = [load_scenario(name) for name in names]
    called = [scenario.name for scenario in scenarios]
    if len(set(called)) < len(called):
        raise WrongInputError(f"--route: scenarios have different names, not {', '.join(called)}")
    return scenarios


def tenants_by_token(path: Path) -> dict[str, str]:
    """Tenants by token, from a file of tokens by tenant."""
    from catalogs import InvalidCatalogError
    from catalogs.reader import read_yaml

    try:
        data = read_yaml(path)
    except InvalidCatalogError as error:
        raise WrongInputError(str(error)) from error
    if not isinstance(data, dict) or not data:
        message = f"{path}: a map of tenants to tokens is needed"
        raise WrongInputError(message)
    bad = [str(name) for name, token in data.items() if not is_tenant(name) or not is_token(token)]
    if bad or len(set(data.values())) < len(data):
        message = (
            f"{path}: {', '.join(bad) or 'tenants'}: tenants are words, tokens differ and have 16 characters"
        )
        raise WrongInputError(message)
    return {token: name for name, token in data.items()}


def is_tenant(name: object) -> bool:
    """Whether a name can be a tenant's: it becomes a folder's."""
    return isinstance(name, str) and name.replace("-", "").replace("_", "").isalnum()


def is_token(token: object) -> bool:
    """Whether a text is long enough to be a secret."""
    least = 16
    return isinstance(token, str) and len(token) >= least
