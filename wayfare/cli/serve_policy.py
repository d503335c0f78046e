"""`wayfare serve-policy`: a policy for simulations in other processes."""

from __future__ import annotations

import click

from wayfare.errors import WrongInputError


@click.command("serve-policy")
@click.argument("policy")
@click.option("--address", default="127.0.0.1:50061", show_default=True, help="host:port; port 0 takes any.")
@click.option("--insecure-anywhere", is_flag=True, help="Listen beyond loopback, without access control.")
def command(policy: str, address: str, insecure_anywhere: bool) -> None:  # noqa: FBT001  (a flag)
    """Serve POLICY (a name or path/to/file.py:Class) over gRPC until interrupted.

    Simulations use it with --policy grpc://ADDRESS; every run gets a new policy.
    """
    from router.policy import Policy
    from router.registry import make_policy
    from wayfare.listening import UnsafeAddressError
    from wayfare.policy_server import serve_policy

    def made() -> Policy:
        """A new policy."""
        found = make_policy(policy)
        if isinstance(found, Policy):
            return found
        raise WrongInputError(f"{policy!r} is a step policy; only policies with route() can be served")

    def ready(served: str) -> None:
        """Says where."""
        click.echo(f"serving {policy} on grpc://{served}")

    try:
        serve_policy(made, address, ready=ready, insecure_anywhere=insecure_anywhere)
    except UnsafeAddressError as error:
        raise WrongInputError(f"{error} (--insecure-anywhere)") from error
