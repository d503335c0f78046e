"""Which functions each test runs, by a profiler on calls; kept until a source or a test changes."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import CodeType, FrameType

KEPT = Path(".cache/mutants/reach.json")
Reach = dict[str, dict[str, object]]
"""By test its `seconds` and the `functions` that it ran, as `path::qualified name`."""


class Recorder:
    """A plug-in of pytest that hears of every function a test calls."""

    def __init__(self, root: Path) -> None:
        """Nothing has run yet."""
        self._root = str(root)
        self._codes: set[CodeType] = set()
        self.tests: dict[str, tuple[float, set[str]]] = {}
        self.shared: dict[str, set[str]] = defaultdict(set)

    def _hear(self, frame: FrameType, event: str, _arg: object) -> None:
        """Notes a function that is called."""
        if event == "call":
            self._codes.add(frame.f_code)

    def _heard(self) -> set[str]:
        """The project's functions that were called since it was asked last."""
        found = {name_of(code, self._root) for code in self._codes}
        self._codes.clear()
        return found - {""}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """What fixtures call belongs to all tests of the file: some share it."""
        sys.setprofile(self._hear)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            self.shared[item.nodeid.split("::")[0]] |= self._heard()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """What the test itself calls, and how long it takes."""
        began_s = time.perf_counter()
        sys.setprofile(self._hear)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            self.tests[item.nodeid] = (time.perf_counter() - began_s, self._heard())


def name_of(code: CodeType, root: str) -> str:
    """`path::function` of one of the project's own functions, the outermost; else nothing."""
    if not code.co_filename.startswith(root) or "/.venv/" in code.co_filename:
        return ""
    return f"{code.co_filename[len(root) + 1 :]}::{code.co_qualname.split('.<locals>')[0]}"


def recorded(root: Path, files: Sequence[str]) -> Reach:
    """Runs the tests once, and says what each reaches; those that fail are left out."""
    stamp = digest_of(root, ["router", "simulator", "tests"])
    if KEPT.exists() and (kept := json.loads(KEPT.read_text()))["stamp"] == [stamp, *files]:
        return kept["tests"]
    recorder = Recorder(root)
    code = pytest.main(["-q", "-p", "no:cacheprovider", "--durations=0", *files], plugins=[recorder])
    if code:
        sys.exit("the tests fail without any mutant; mend them first")
    found: Reach = {
        test: {"seconds": seconds, "functions": sorted(names | recorder.shared[test.split("::")[0]])}
        for test, (seconds, names) in recorder.tests.items()
    }
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps({"stamp": [stamp, *files], "tests": found}))
    return found


def digest_of(root: Path, folders: Sequence[str]) -> str:
    """SHA-256 over the Python files of some folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for file in sorted((root / folder).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
