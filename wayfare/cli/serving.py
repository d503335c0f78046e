"""What the operator of the service may set beside addresses: limits, retention, what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wayfare.errors import WrongInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., object])

KEPT = "wayfare.serving"
COUNT = click.IntRange(min=1)


class Duration(click.ParamType[float]):
    """A duration such as 30d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401  (click's signature)
        """Seconds."""
        from catalogs.units import duration_s

        try:
            return duration_s(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def noted(context: click.Context, option: click.Parameter, value: object) -> None:
    """Keeps an option's value under its name, for `serving_settings`."""
    context.meta.setdefault(KEPT, {})[option.name] = value


def configured(context: click.Context, option: click.Parameter, file: Path | None) -> None:
    """Takes defaults of options from a file."""
    from catalogs import InvalidCatalogError
    from catalogs.reader import read_yaml

    if file is None:
        return
    try:
        data = read_yaml(file)
    except InvalidCatalogError as error:
        raise WrongInputError(str(error)) from error
    known = {str(one.name): one for one in context.command.params if one.name != option.name}
    given = (
        {str(key).replace("-", "_"): value for key, value in data.items()} if isinstance(data, dict) else {}
    )
    unknown = [key.replace("_", "-") for key in given if key not in known]
    if unknown or not given:
        names = ", ".join(sorted(name.replace("_", "-") for name in known))
        raise WrongInputError(
            f"{file}: {', '.join(unknown) or 'no options'}; a map of options is needed: {names}"
        )
    context.default_map = given


OPTIONS = (
    click.option(
        "--config", type=click.Path(path_type=Path, exists=True, dir_okay=False), is_eager=True,
        expose_value=False, callback=configured, metavar="FILE",
        help="YAML map of options (without dashes in front) to values; options given here win.",
    ),
    click.option(
        "--slots", type=COUNT, default=2, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Runs at the same time.",
    ),
    click.option(
        "--slots-per-tenant", type=COUNT, metavar="N", expose_value=False, callback=noted,
        help="Runs of one tenant at the same time.  [default: with tokens one less than slots, else all]",
    ),
    click.option(
        "--most-run-time", type=Duration(), default="2h", show_default=True, metavar="DURATION",
        expose_value=False, callback=noted, help="End a run that takes longer.",
    ),
    click.option(
        "--most-run-bytes", type=COUNT, default=4 * 1024**3, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Memory of a run's process, beyond what it starts with.",
    ),
    click.option(
        "--most-runs", type=COUNT, default=10_000, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Unfinished runs of a tenant.",
    ),
    click.option(
        "--most-requests", type=COUNT, default=2_000_000_000, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Requests that a tenant's unfinished runs simulate.",
    ),
    click.option(
        "--most-run-requests", type=COUNT, default=20_000_000, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Requests of a run; of one replication in a comparison.",
    ),
    click.option(
        "--most-run-targets", type=COUNT, default=5_000, show_default=True, metavar="N",
        expose_value=False, callback=noted,
        help="Targets of a run: deployments, or replicas that the router chooses among.",
    ),
    click.option(
        "--most-trace-bytes", type=COUNT, default=200_000_000, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Size of an uploaded trace, unpacked as well.",
    ),
    click.option(
        "--most-upload-bytes-per-hour", type=COUNT, default=2_000_000_000, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Bytes that a tenant may upload in an hour.",
    ),
    click.option(
        "--most-watches", type=COUNT, default=5_000, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Runs that a tenant watches at once.",
    ),
    click.option(
        "--most-record-streams", type=COUNT, default=8, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Streams of request records that a tenant has open.",
    ),
    click.option(
        "--most-open-uploads", type=COUNT, default=8, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Uploads that a tenant has under way.",
    ),
    click.option(
        "--most-decide-streams", type=COUNT, default=100, show_default=True, metavar="N",
        expose_value=False, callback=noted, help="Streams of live decisions that a tenant has open.",
    ),
    click.option(
        "--stream-patience", type=Duration(), default="30s", show_default=True, metavar="DURATION",
        expose_value=False, callback=noted,
        help="End a stream whose caller neither reads nor sends anything for this long.",
    ),
    click.option(
        "--keep-for", type=Duration(), metavar="DURATION", expose_value=False, callback=noted,
        help="Delete results and traces older than this, e.g. 30d. Default: keep all.",
    ),
    click.option(
        "--keep-bytes", type=COUNT, metavar="N", expose_value=False, callback=noted,
        help="Delete the oldest results and traces while they are larger together. Default: keep all.",
    ),
    click.option(
        "--load-reporter", "load_reporters", multiple=True, metavar="TENANT", expose_value=False,
        callback=noted,
        help="Let this tenant report measured loads to the routers of --route. Repeatable; without tokens "
        "everybody may.",
    ),
    click.option(
        "--allow-files", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
        expose_value=False, callback=noted, help="Let scenarios name files in this folder.",
    ),
    click.option(
        "--allow-policy", "allow_policies", multiple=True, metavar="SPEC", expose_value=False,
        callback=noted, help="Let scenarios name this policy, e.g. path/file.py:Class. Repeatable.",
    ),
)  # fmt: skip


def serving_options(function: F) -> F:
    """Gives a command these options."""
    for decorate in reversed(OPTIONS):
        function = decorate(function)
    return function


def serving_settings(*, several: bool) -> dict[str, Any]:
    """What was set, as arguments of `ServerSettings`; `several` tenants leave each other a slot."""
    from wayfare.service.limits import RunLimits, TenantQuotas
    from wayfare.service.runs.retention import Retention

    given = click.get_current_context().meta[KEPT]
    kept = {"age_s": given["keep_for"], "size_bytes": given["keep_bytes"]}
    own_slots = given["slots_per_tenant"] or max(given["slots"] - several, 1)
    return {
        "runs": RunLimits(
            slots=given["slots"],
            slots_per_tenant=own_slots,
            wall_s=given["most_run_time"],
            memory_bytes=given["most_run_bytes"],
        ),
        "limits": TenantQuotas(
            unfinished=given["most_runs"],
            unfinished_requests=given["most_requests"],
            trace_bytes=given["most_trace_bytes"],
            trace_bytes_per_hour=given["most_upload_bytes_per_hour"],
            watches=given["most_watches"],
            record_streams=given["most_record_streams"],
            uploads=given["most_open_uploads"],
            decide_streams=given["most_decide_streams"],
            stream_patience_s=given["stream_patience"],
        ),
        "retention": Retention(**{name: value for name, value in kept.items() if value is not None}),
        "run_requests": given["most_run_requests"],
        "run_targets": given["most_run_targets"],
        "load_reporters": given["load_reporters"],
        "files": given["allow_files"],
        "policies": given["allow_policies"],
    }
