"""`wayfare catalog import-model`: a model's Hugging Face configuration as an entry of one's own catalog."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wayfare.errors import WrongInputError

MOST_BYTES = 4_000_000
"""A configuration is a few kilobytes; anything much longer is something else."""


@click.command("import-model")
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--name", metavar="NAME", help="What the model is called; the file's own name for it otherwise."
)
@click.option("-o", "--out", "target", type=click.Path(path_type=Path), help="Write here, not to stdout.")
def command(config: Path, name: str | None, target: Path | None) -> None:
    """Turn a model's config.json (Hugging Face) into a catalog entry, parameters counted from the shape.

    Prints YAML for a scenario's catalog.overrides or a file for --catalog. Anything not counted or not
    understood is reported on stderr; an unknown architecture is refused.
    """
    import yaml

    from catalogs.model_import.config_reading import UnreadableModelConfigError
    from catalogs.model_import.model_config import imported_model, model_entry
    from simulator.traces.conversion import write_whole

    data = read_config(config)
    try:
        model = imported_model(data, str(config))
    except UnreadableModelConfigError as error:
        raise WrongInputError(str(error)) from None
    entry = model_entry(name or name_in(data, config), model, config.name)
    text = yaml.safe_dump(entry, sort_keys=False, width=100, allow_unicode=True)
    for note in model.notes:
        click.echo(f"note: {note}", err=True)
    if target is None:
        click.echo(text, nl=False)
        return
    write_whole(target, text.encode())
    click.echo(f"wrote {target}")


def read_config(path: Path) -> dict[str, object]:
    """The keys of a configuration.

    Raises:
        WrongInputError: the file cannot be read, or holds no map.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise WrongInputError(message) from None
    if len(text) > MOST_BYTES:
        message = f"{path}: more than {MOST_BYTES:,} bytes; a model's config.json is a few kilobytes"
        raise WrongInputError(message)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{path}: no JSON: {str(error)[:200]}"
        raise WrongInputError(message) from None
    if not isinstance(data, dict):
        message = f"{path}: must be a map, such as a model's config.json"
        raise WrongInputError(message)
    return data


def name_in(data: dict[str, object], path: Path) -> str:
    """The model's name: as the configuration says, else its folder's, in small letters."""
    told = data.get("_name_or_path")
    name = told if isinstance(told, str) else path.resolve().parent.name
    return name.rstrip("/").rpartition("/")[2].lower() or "model"
