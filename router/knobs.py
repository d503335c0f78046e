"""Parameters of a policy with one knob set, as sweeps and variants name it: by a dotted path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalogs.near_names import did_you_mean
from router.errors import InvalidPolicyParameterError
from router.parameters import unknown_parameter
from router.pipeline.declared import declared_part
from router.pipeline.parts import part_knobs
from router.policies.pipeline import PipelineParameters, PipelinePolicy
from router.registry import describe_policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.pipeline.parts import PartKind

KINDS: Mapping[str, PartKind] = {"filters": "filter", "scorers": "scorer", "picker": "picker"}
PART_PATH = re.compile(r"(?P<list>filters|scorers|picker)(?:\[(?P<number>\d+)\])?\.(?P<rest>.+)")


def with_knob(policy: str, parameters: Mapping[str, object], path: str, value: object) -> dict[str, object]:
    """A copy of the parameters in which the knob at `path` has the value; the original stays as it is.

    A plain policy's knob is its parameter (`threshold`), or an entry of a parameter that is a mapping
    (`weights.small`). A pipeline's is a knob of a declared part: `filters.success_floor.floor`,
    `scorers.cost.weight`, `picker.softmax.temperature`; of a part declared twice, its place tells which:
    `filters[1].success_floor.floor`. The value is checked by `make_policy`, as the whole is.

    Args:
        policy: whatever `make_policy` takes.
        parameters: the policy's parameters so far, as a scenario states them.
        path: the knob's name; names are joined by dots.
        value: what the knob is set to, as YAML or JSON gives it.

    Raises:
        UnknownPolicyError: there is no such policy.
        PolicyLoadError: the policy or one of its parts cannot be loaded.
        InvalidPolicyParameterError: there is no such knob; names near ones and all there are.
    """
    found = PART_PATH.fullmatch(path) if policy == PipelinePolicy.name else None
    if found is not None:
        return _with_part_knob(parameters, path, found, value)
    name, _, entry = path.partition(".")
    known = tuple(parameter.name for parameter in describe_policy(policy).parameters)
    if name not in known:
        raise InvalidPolicyParameterError(((path, unknown_parameter(name, known)),))
    return {**parameters, name: _with_entry(parameters.get(name), path, entry, value) if entry else value}


def _with_entry(before: object, path: str, entry: str, value: object) -> dict[str, object]:
    """A parameter's mapping with one entry set."""
    if before is None:
        return {entry: value}
    if not isinstance(before, dict):
        raise InvalidPolicyParameterError(
            ((path, f"{before!r} has no entry {entry!r}; it is not a mapping"),)
        )
    return {**before, entry: value}


def _with_part_knob(
    parameters: Mapping[str, object], path: str, found: re.Match[str], value: object
) -> dict[str, object]:
    """A pipeline's parameters with a knob of one declared part set."""
    key, rest = found["list"], found["rest"]
    stated = parameters.get(key, getattr(PipelineParameters(), key))
    declared = [stated] if key == "picker" else list(stated) if isinstance(stated, (list, tuple)) else []
    place = _place(declared, path, rest, None if found["number"] is None else int(found["number"]))
    name, knobs = declared_part(declared[place]) or ("", {})
    knob, _, entry = rest[len(name) + 1 :].partition(".")
    known = part_knobs(KINDS[key], name)
    if knob not in known:
        raise InvalidPolicyParameterError(((path, unknown_parameter(knob, known, "part")),))
    changed = _with_entry(knobs.get(knob), path, entry, value) if entry else value
    declared[place] = {name: {**knobs, knob: changed}}
    return {**parameters, key: declared[0] if key == "picker" else declared}


def _place(declared: Sequence[object], path: str, rest: str, number: int | None) -> int:
    """Where the part stands that the path names: the only one of its name, or the one of that number."""
    names = [(declared_part(one) or ("",))[0] for one in declared]
    places = [place for place, name in enumerate(names) if name and rest.startswith(f"{name}.")]
    if number is not None:
        places = [place for place in places if place == number]
    if len(places) == 1:
        return places[0]
    wanted = rest.rpartition(".")[0] or rest
    if places:
        what = f"declared {len(places)} times; say which by its place, such as [{places[0]}]"
    else:
        what = f"no such part is declared; {did_you_mean(wanted, names)}declared: {_quoted(names)}"
    raise InvalidPolicyParameterError(((path, what),))


def _quoted(names: Sequence[str]) -> str:
    """The names as messages list them."""
    return ", ".join(map(repr, names)) or "none"
