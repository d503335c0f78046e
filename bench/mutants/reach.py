"""Which functions each test runs, by a profiler on calls; kept until a source or the test file changes."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
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
        self.setup_s: dict[str, float] = defaultdict(float)
        self.uses: dict[str, tuple[str, ...]] = {}
        self.failed: list[str] = []

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
        """What fixtures call belongs to all tests of the file that use the same ones: some share it."""
        began_s = time.process_time()
        sys.setprofile(self._hear)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            self._share(item, time.process_time() - began_s, self._heard())

    def _share(self, item: pytest.Item, seconds: float, functions: set[str]) -> None:
        """Notes a setup under each shared fixture of its test: the next test finds that one made."""
        self.uses[item.nodeid] = shared_fixtures(item)
        for name in self.uses[item.nodeid]:
            self.setup_s[name] = max(self.setup_s[name], seconds)
            self.shared[name] |= functions

    def found(self) -> Reach:
        """Of each test its seconds and its functions, those of its fixtures among them."""
        return {
            test: {
                "seconds": seconds + max(self.setup_s[name] for name in self.uses[test]),
                "functions": sorted(names.union(*(self.shared[name] for name in self.uses[test]))),
            }
            for test, (seconds, names) in self.tests.items()
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """What the test itself calls, and how long it takes."""
        began_s = time.process_time()
        sys.setprofile(self._hear)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            self.tests[item.nodeid] = (time.process_time() - began_s, self._heard())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes a failure."""
        if report.failed:
            self.failed.append(f"{report.nodeid}\n{report.longreprtext}")


def shared_fixtures(item: pytest.Item) -> tuple[str, ...]:
    """What a test may share with others: fixtures that outlive a test; without any, the test itself."""
    known = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # noqa: SLF001  (pytest has no other way to ask)
    outlive = [
        f"{file_of(item.nodeid)}::{name}"
        for name, made in sorted(known.items())
        if made[-1].scope != "function"
    ]
    return tuple(outlive) or (item.nodeid,)


def name_of(code: CodeType, root: str) -> str:
    """`path::function` of one of the project's own functions, the outermost; else nothing."""
    if not code.co_filename.startswith(root) or "/.venv/" in code.co_filename:
        return ""
    return f"{code.co_filename[len(root) + 1 :]}::{code.co_qualname.split('.<locals>')[0]}"


@contextmanager
def hearing(codes: set[CodeType]) -> Iterator[None]:
    """Gathers the functions that are called, until somebody else listens."""

    def hear(frame: FrameType, event: str, _arg: object) -> None:
        """Notes a function that is called."""
        if event == "call":
            codes.add(frame.f_code)

    sys.setprofile(hear)
    try:
        yield
    finally:
        sys.setprofile(None)


def kept_for(root: Path, files: Iterable[str]) -> Reach:
    """What is known of the tests in these files, as far as neither they nor what they use has changed."""
    if not KEPT.exists():
        return {}
    kept = json.loads(KEPT.read_text())
    stamps = stamps_of(root, files)
    return {
        test: entry
        for test, entry in kept["tests"].items()
        if stamps.get(file_of(test), "") == kept["stamps"].get(file_of(test))
    }


def record(session: pytest.Session, known: Reach) -> Reach:
    """Runs the tests of which nothing is known, in a process of their own, and keeps what each reaches."""
    items = [item for item in session.items if item.nodeid not in known]
    if not items:
        return known
    child = os.fork()
    if not child:
        os._exit(_record_here(session, items, known))
    _child, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit("the tests fail without any mutant; mend them first")
    return kept_for(session.config.rootpath, {file_of(item.nodeid) for item in session.items})


def _record_here(session: pytest.Session, items: Sequence[pytest.Item], known: Reach) -> int:
    """Runs tests one after the other; 1 where one fails."""
    root = session.config.rootpath
    recorder = Recorder(root)
    session.config.pluginmanager.register(recorder)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    if recorder.failed:
        print("\n".join(recorder.failed), flush=True)
        return 1
    found = recorder.found()
    files = {file_of(item.nodeid) for item in session.items}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps({"stamps": stamps_of(root, files), "tests": {**known, **found}}))
    return 0


def file_of(test: str) -> str:
    """The file a test stands in."""
    return test.split("::", maxsplit=1)[0]


def stamps_of(root: Path, files: Iterable[str]) -> dict[str, str]:
    """By test file a digest of it and of all that it may use."""
    common = digest_of(root, ["router", "simulator"], tests=True)
    return {
        file: hashlib.sha256(common.encode() + (root / file).read_bytes()).hexdigest()[:16] for file in files
    }


def digest_of(root: Path, folders: Sequence[str], *, tests: bool = False) -> str:
    """SHA-256 over the Python files of some folders, and of what tests share."""
    files = [file for folder in folders for file in sorted((root / folder).rglob("*.py"))]
    if tests:
        files += [
            file for file in sorted((root / "tests").rglob("*.py")) if not file.name.startswith("test_")
        ]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
