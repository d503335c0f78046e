"""Loads a policy class from a Python file."""

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

    from router.policy import Policy, StepPolicy


def is_file_spec(text: str) -> bool:
    """Whether the text has the form `path/to/file.py:Class`."""
    path, _, name = text.rpartition(":")
    return path.endswith(".py") and name.isidentifier()


def load_class(spec: str) -> Callable[..., Policy | StepPolicy]:
    """The class that `path/to/file.py:Class` names; the file is run once per process and path.

    Raises:
        UnknownPolicyError: no such file or class; the message lists the file's policy classes.
        PolicyLoadError: not of that form, or the file raised when run; its error is chained.
    """
    if not is_file_spec(spec):
        message = f"{spec!r} does not have the form 'path/to/file.py:Class'"
        raise PolicyLoadError(message)
    path, _, name = spec.rpartition(":")
    module = _module(Path(path))
    found = getattr(module, name, None)
    if found is None or not callable(found):
        classes = ", ".join(repr(known) for known in _policy_classes(module)) or "none"
        message = f"no policy {name!r} in {path}; policy classes there: {classes}"
        raise UnknownPolicyError(message)
    return cast("Callable[..., Policy | StepPolicy]", found)


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


def _policy_classes(module: ModuleType) -> list[str]:
    """Names of the classes defined in the module that can decide."""
    return [
        name
        for name, found in vars(module).items()
        if isinstance(found, type) and found.__module__ == module.__name__ and _decides(found)
    ]


def _decides(found: type) -> bool:
    """Whether instances of the class can be policies."""
    return hasattr(found, "route") or hasattr(found, "steps")
