"""Variants of policies: a policy and what some of its knobs are set to, as one line of text.

`NAME[:knob=value[,knob=value…]]`, where NAME is whatever `make_policy` takes: `hedge:after_s=0.5`,
`mine.py:Mine:floor=2`. Values are YAML; a dot in a knob's name leads into a parameter that is a mapping.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.reader import parse_yaml
from router.errors import InvalidPolicyParameterError, RouterError
from router.knobs import with_knob
from router.registry import POLICIES, describe_policy, make_policy, policy_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from router.policy import Policy, StepPolicy

    Knob = tuple[str, object]
    Problem = tuple[str, str]

FILE = re.compile(r"(.+?\.py:[^\W\d]\w*)(?::(.*))?", re.DOTALL)
"""`path/to/file.py:Class`, and what follows it."""
KNOBS = re.compile(r"(.+?):(\s*[^\W\d][\w.\"\[\]-]*\s*=.*)", re.DOTALL)
"""Any policy, and knobs behind it: from the first colon on that a knob follows."""
BARE = re.compile(r"[^\W_][\w./@+-]*")
"""Texts that need no quotes in a label."""
MOST_CHARACTERS = 2_000
"""Of a policy with knobs."""
EXACT = 1e15
"""Below it floats hold every whole number."""
FORM = "write knob=value, several with commas between them"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVariant:
    """A policy with some of its knobs set.

    `label` is its text in one form: knobs by name, values as short as YAML has them. Reading a label gives
    the variant again. `policy` is what `make_policy` takes; `knobs` are paths and values, by path.
    """

    label: str
    policy: str
    knobs: tuple[Knob, ...] = ()

    @property
    def parameters(self) -> dict[str, object]:
        """The policy's parameters where nothing but the knobs is set; raises as `over` does."""
        return self.over({})

    def over(self, parameters: Mapping[str, object]) -> dict[str, object]:
        """The parameters with the knobs on top; the original stays as it is.

        Raises:
            InvalidPolicyParameterError: lists every knob that leads nowhere.
        """
        changed, problems = laid_over(self, parameters)
        if problems:
            raise InvalidPolicyParameterError(tuple(problems))
        return changed

    def with_knobs(self, more: Iterable[Knob]) -> PolicyVariant:
        """The variant with more knobs set; those it has already take the new value."""
        return variant_of(self.policy, {**dict(self.knobs), **dict(more)})


def variant_of(policy: str, knobs: Mapping[str, object]) -> PolicyVariant:
    """A policy with knobs set."""
    ordered = tuple((path, short(value)) for path, value in sorted(knobs.items()))
    written = ",".join(f"{path}={value_text(value)}" for path, value in ordered)
    return PolicyVariant(label=f"{policy}:{written}" if written else policy, policy=policy, knobs=ordered)


def read_variant(text: str) -> PolicyVariant:
    """The variant that a text stands for; whether its knobs exist is seen when the policy is made.

    Raises:
        UnknownPolicyError: knobs cannot be read, and there is no such policy.
        PolicyLoadError: knobs cannot be read, and the policy cannot be loaded.
        InvalidPolicyParameterError: knobs cannot be read; lists them, and what else is wrong with knobs.
    """
    policy, written = parts_of(text)
    if written is None:
        return PolicyVariant(label=policy, policy=policy)
    if len(text) > MOST_CHARACTERS:
        raise InvalidPolicyParameterError((("knobs", f"more than {MOST_CHARACTERS:,} characters"),))
    if "://" in policy:
        raise InvalidPolicyParameterError((("knobs", f"{policy!r} takes none; they are its server's own"),))
    knobs, problems = knobs_of(written)
    variant = variant_of(policy, knobs)
    if problems:
        raise InvalidPolicyParameterError((*problems, *wrong_knobs(variant)))
    return variant


def make_variant(
    variant: PolicyVariant, parameters: Mapping[str, object] | None = None
) -> Policy | StepPolicy:
    """A new policy with these parameters and the variant's knobs on top; raises what `make_policy` does."""
    values, problems = laid_over(variant, parameters or {})
    try:
        made = make_policy(variant.policy, values)
    except InvalidPolicyParameterError as error:
        raise InvalidPolicyParameterError((*problems, *error.problems)) from error
    if problems:
        raise InvalidPolicyParameterError(tuple(problems))
    return made


def parts_of(text: str) -> tuple[str, str | None]:
    """A text's policy and the text of its knobs; None where it has none."""
    if text in POLICIES:
        return text, None
    found = FILE.fullmatch(text)
    if found:
        return found[1], found[2]
    found = KNOBS.fullmatch(text)
    if found:
        return found[1], found[2]
    head, colon, rest = text.partition(":")
    return (head, rest) if colon and head in policy_names() else (text, None)


def knobs_of(text: str) -> tuple[dict[str, object], list[Problem]]:
    """The knobs in a text by path, and what is wrong with those that cannot be read."""
    knobs: dict[str, object] = {}
    problems: list[Problem] = []
    for piece in pieces(text):
        path, _equals, value = (part.strip() for part in piece.partition("="))
        if not path or not value:
            problems.append((path or "knobs", f"{piece.strip()!r} sets none; {FORM}"))
        elif path in knobs:
            problems.append((path, "set twice"))
        else:
            try:
                knobs[path] = parse_yaml(value)
            except ValueError as error:
                problems.append((path, f"{value!r} is no YAML: {error}"))
    return knobs, problems


def wrong_knobs(variant: PolicyVariant) -> Iterator[Problem]:
    """What is wrong with a variant's knobs, beside those that could not be read."""
    heads = {path.partition(".")[0] for path, _value in variant.knobs}
    try:
        make_variant(variant)
    except InvalidPolicyParameterError as error:
        yield from ((path, what) for path, what in error.problems if path.partition(".")[0] in heads)


def knob_types(policy: str) -> dict[str, str] | None:
    """The knobs that a policy declares, with their types; None where it cannot be loaded."""
    try:
        return {parameter.name: parameter.type for parameter in describe_policy(policy).parameters}
    except RouterError:
        return None


def laid_over(
    variant: PolicyVariant, parameters: Mapping[str, object]
) -> tuple[dict[str, object], list[Problem]]:
    """The parameters with the knobs on top, and the knobs that lead nowhere."""
    changed = dict(parameters)
    problems: list[Problem] = []
    for path, value in variant.knobs:
        try:
            changed = with_knob(variant.policy, changed, path, value)
        except InvalidPolicyParameterError as error:
            problems += error.problems
    return changed, problems


def pieces(text: str) -> list[str]:
    """The text at its commas, but for those within brackets or quotes."""
    found, depth, quote, before = [""], 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and before in "=,[{:":
            quote = letter
        else:
            depth += (letter in "[{") - (letter in "]}")
        if letter == "," and not quote and depth <= 0:
            found.append("")
        else:
            found[-1] += letter
        before = before if letter.isspace() else letter
    return found


def short(value: object) -> object:
    """A value in one form: a whole number is an int, within lists and mappings as well."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    if isinstance(value, list):
        return [short(each) for each in value]
    return {key: short(each) for key, each in value.items()} if isinstance(value, dict) else value


def value_text(value: object) -> str:
    """A value as YAML in one line; reading it gives the value again."""
    if isinstance(value, float):
        return repr(value) if abs(value) < float("inf") else f"{'-' if value < 0 else ''}.inf"
    if isinstance(value, str):
        return value if BARE.fullmatch(value) and parse_yaml(value) == value else quoted(value)
    if isinstance(value, list):
        return f"[{','.join(map(value_text, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{quoted(str(key))}:{value_text(each)}' for key, each in value.items())}}}"
    return quoted(value) if isinstance(value, bool) or value is None else str(value)


def quoted(value: object) -> str:
    """A value as JSON, which is YAML."""
    return json.dumps(value, ensure_ascii=False)
