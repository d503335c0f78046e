"""Loads a class of the user's own, a policy or a part of one, from a Python file."""

from __future__ import annotations

import sys
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, cast

from router.errors import PolicyLoadError, UnknownPolicyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def is_file_spec(text: str) -> bool:
    """Whether the text has the form `path/to/file.py:Class`."""
    path, _, name = text.rpartition(":")
    return path.endswith(".py") and name.isidentifier()


def load_class(
    spec: str,
    kind: str = "policy",
    methods: tuple[str, ...] = ("route", "steps"),
    objects: tuple[str, ...] = (),
) -> Callable[..., object]:
    """The class that `path/to/file.py:Class` names; the file is run once per process and path.

    Args:
        spec: the path and the name.
        kind: what the class is to be, for messages.
        methods: what a class of the kind has one of.
        objects: methods of which an object, made in the file, is taken for a class.

    Raises:
        UnknownPolicyError: no such file or class; the message lists the file's classes of the kind.
        PolicyLoadError: not of that form, or the file raised when run; its error is chained.
    """
    if not is_file_spec(spec):
        message = f"{spec!r} does not have the form 'path/to/file.py:Class'"
        raise PolicyLoadError(message)
    path, _, name = spec.rpartition(":")
    module = _module(Path(path))
    found = getattr(module, name, None)
    if found is None or not (callable(found) or any(hasattr(found, method) for method in objects)):
        classes = ", ".join(repr(known) for known in _classes_with(module, methods)) or "none"
        message = f"no {kind} {name!r} in {path}; {kind} classes there: {classes}"
        raise UnknownPolicyError(message)
    return cast("Callable[..., object]", found)


def _module(path: Path) -> ModuleType:
    """The file as a module, under a name of its own so that files of one name do not collide."""
    if not path.is_file():
        message = f"no file {str(path)!r} to load a policy from"
        raise UnknownPolicyError(message)
    digest = sha256(str(path.resolve()).encode()).hexdigest()[:12]
    name = f"wayfare_policy_{path.stem}_{digest}"
    return sys.modules.get(name) or _run(path, name)


def _run(path: Path, name: str) -> ModuleType:
    """Runs the file as module `name`; leaves no trace of it when it raises."""
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        message = f"{str(path)!r} is not a Python file"
        raise PolicyLoadError(message)
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        message = f"{path} cannot be loaded: {type(error).__name__}: {error}"
        raise PolicyLoadError(message) from error
    return module


def _classes_with(module: ModuleType, methods: tuple[str, ...]) -> list[str]:
    """Names of the classes defined in the module that have one of the methods."""
    return [
        name
        for name, found in vars(module).items()
        if isinstance(found, type)
        and found.__module__ == module.__name__
        and any(hasattr(found, method) for method in methods)
    ]
