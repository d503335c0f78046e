"""Mutants of a source file: mutmut's operators at every place that is code, module constants included.

mutmut itself changes functions only (through trampolines); what a month is stands in a constant.
"""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libcst as cst
import yaml
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import (
    mutation_operators,
    operator_arg_removal,
    operator_assignment,
    operator_augmented_assignment,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SKIPPED = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.Raise, cst.FormattedString)
"""What no run depends on, or what cannot be loaded once it is changed; and the words of errors."""
REFUSED = (operator_arg_removal, operator_assignment, operator_augmented_assignment)
"""Operators whose changes (None for a value, a missing argument) strict types refuse before any test."""
TYPING = ("TYPE_CHECKING", "__all__")
SABOTAGES = Path(__file__).parent / "sabotages.yaml"
KEPT = Path(".cache/mutants/sites")
GENTLE = 0.97
"""A number that is a little off: mutmut's own (one more) makes a share of 0.95 impossible, not wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change: `where` is the function or class it lies in, empty at the top of the module.

    `key` names it by file, place and text, so that it survives moved lines.
    """

    key: str
    path: str
    where: str
    line: int
    before: str
    after: str
    in_function: bool
    code: str = field(repr=False)


def sabotages() -> list[Mutant]:
    """The named ones; each has to be found once in its file."""
    return [sabotage(**entry) for entry in yaml.safe_load(SABOTAGES.read_text(encoding="utf-8"))]


def sabotage(what: str, path: str, before: str, after: str) -> Mutant:
    """One line of a file put in another's place.

    Raises:
        ValueError: the line does not stand there once.
    """
    source = Path(path).read_text(encoding="utf-8")
    if source.count(before) != 1:
        message = f"{path} has {before!r} {source.count(before)} times; a sabotage needs it once"
        raise ValueError(message)
    key = hashlib.sha256(f"{path}|{before}|{after}".encode()).hexdigest()[:12]
    return Mutant(
        key=key,
        path=path,
        where=what,
        line=source[: source.index(before)].count("\n") + 1,
        before=before,
        after=after,
        in_function=False,
        code=source.replace(before, after),
    )


def kept_mutants_of(path: Path) -> list[Mutant]:
    """All mutants of a file; found once for each state of it, and of this module."""
    text = path.read_bytes() + Path(__file__).read_bytes() + str(path).encode()
    kept = KEPT / f"{hashlib.sha256(text).hexdigest()[:24]}.pickle"
    if kept.exists():
        return pickle.loads(kept.read_bytes())  # noqa: S301  (written below)
    found = list(mutants_of(path))
    KEPT.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps(found))
    return found


def mutants_of(path: Path) -> Iterator[Mutant]:
    """All mutants of a file, in the order of its text."""
    source = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    places = Places(wrapper.module, source.encode())
    wrapper.visit(places)
    seen: dict[str, int] = {}
    for code, where, line, in_function in places.found:
        before, after = changed_lines(source, code)
        text = f"{path}|{where}|{before}|{after}"
        seen[text] = seen.get(text, 0) + 1
        key = hashlib.sha256(f"{text}|{seen[text]}".encode()).hexdigest()[:12]
        if before != after:
            yield Mutant(
                key=key,
                path=str(path),
                where=where,
                line=line,
                before=before,
                after=after,
                in_function=in_function,
                code=code,
            )


def changed_lines(source: str, code: str) -> tuple[str, str]:
    """The lines that differ, trimmed."""
    old, new = source.splitlines(), code.splitlines()
    first = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    lines = (old[first : len(old) - last], new[first : len(new) - last])
    before, after = (" ".join(part.strip() for part in found) for found in lines)
    return before, after


class Places(cst.CSTVisitor):
    """Collects (mutated source, where, line, whether in a function) of every change."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self, module: cst.Module, source: bytes) -> None:
        """Nothing was seen yet."""
        super().__init__()
        self.found: list[tuple[str, str, int, bool]] = []
        self._module, self._source = module, source
        self._names: list[str] = []
        self._inside: list[bool] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Mutates a node, and goes on below it unless it is to be left alone."""
        if isinstance(node, SKIPPED) or is_for_typing(node) or is_text(node):
            return False
        if isinstance(node, cst.Arg) and is_guard(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._enter(node)
        for new in changes(node):
            line = self.get_metadata(PositionProvider, node).start.line
            self.found.append((self._with(node, new), self._where, line, any(self._inside)))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Leaves a function or class."""
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()
            self._inside.pop()

    def _enter(self, node: cst.FunctionDef | cst.ClassDef) -> None:
        """What lies in a function belongs to it, functions of its own as well."""
        inside = any(self._inside)
        self._names.append("" if inside else node.name.value)
        self._inside.append(isinstance(node, cst.FunctionDef))

    @property
    def _where(self) -> str:
        """The function or class that one is in."""
        return ".".join(name for name in self._names if name)

    def _with(self, old: cst.CSTNode, new: cst.CSTNode) -> str:
        """The source with one node in another's place: by its span, or where that says too little, slowly."""
        span = self.get_metadata(ByteSpanPositionProvider, old)
        start, end = span.start, span.start + span.length
        told = self._source[start:end].decode()
        if told != self._module.code_for_node(old):
            changed: Any = self._module.deep_replace(old, new)
            return changed.code
        text = self._module.code_for_node(new)
        return (self._source[:start] + text.encode() + self._source[end:]).decode()


def changes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What the operators make of a node; of texts one change only."""
    for kind, operator in mutation_operators:
        if isinstance(node, kind) and operator not in REFUSED:
            made = list(operator(node))
            yield from made[:1] if isinstance(node, cst.BaseString) else made
    if isinstance(node, cst.Call) and len(node.args) > 1:
        named = [place for place, arg in enumerate(node.args) if arg.keyword and not is_guard(arg)]
        yield from (without(node, place) for place in named)
    if isinstance(node, cst.Float):
        yield node.with_changes(value=repr(node.evaluated_value * GENTLE))


def is_guard(arg: cst.Arg) -> bool:
    """`strict=True`: a guard of `zip` against lists of different lengths, which no run has."""
    return arg.keyword is not None and arg.keyword.value == "strict"


def without(call: cst.Call, place: int) -> cst.Call:
    """A call without one of its named arguments, which may have a default."""
    return call.with_changes(args=[*call.args[:place], *call.args[place + 1 :]])


def is_for_typing(node: cst.CSTNode) -> bool:
    """Whether a statement is there for type checkers and importers only."""
    if isinstance(node, cst.If):
        return isinstance(node.test, cst.Name) and node.test.value in TYPING
    if isinstance(node, cst.Assign):
        target = node.targets[0].target
        return isinstance(target, cst.Name) and target.value in TYPING
    if not isinstance(node, cst.AnnAssign):
        return False
    kind = node.annotation.annotation
    return isinstance(kind, cst.Name) and kind.value == "TypeAlias"


def is_text(node: cst.CSTNode) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString)
