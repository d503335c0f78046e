"""The doors into machine code, and the folders that keep it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.kernel import GroupSpec, Kernel, ServersSpec
from simulator.kernel.machine_code import store
from simulator.kernel.machine_code.doors import doors
from simulator.kernel.machine_code.jit import COMPILED
from simulator.kernel.machine_code.names import DOORS
from simulator.kernel.machine_code.warm import cache_location

pytestmark = pytest.mark.skipif(not COMPILED, reason="there is no machine code")
ROOT = Path(__file__).resolve().parents[2]


def umask() -> int:
    """The bits that this process takes away from new folders."""
    found = os.umask(0)
    os.umask(found)
    return found


def one_server() -> Kernel:
    """A kernel of one queue."""
    return Kernel([GroupSpec(queues=ServersSpec(servers=1))])


@pytest.mark.parametrize("name", DOORS)
def test_a_door_counts_its_arguments(name: str) -> None:
    """A door that is given too few or too many numbers says so and touches nothing."""
    for given in ((), (0,) * 20):
        with pytest.raises(TypeError):
            getattr(doors(), name)(*given)


def test_a_door_takes_numbers_alone() -> None:
    """Neither text nor a fraction passes for a number, and an integer is as good as a float."""
    kernel = one_server()
    with pytest.raises(TypeError):
        kernel.doors.advance(kernel.door, "soon")
    with pytest.raises(TypeError):
        kernel.doors.is_live(kernel.door, 0.5)
    kernel.submit(0, 0, 10, 5, 0, 1, duration_s=2)
    assert kernel.advance(10) == 0
    assert kernel.ledger()["finish_s"].tolist() == [3.0]


def test_integers_keep_their_sign_and_their_width() -> None:
    """Handles of 64 bits and negative queue numbers arrive as they were sent."""
    kernel = one_server()
    for number in range(3):
        kernel.submit(0, number, 10, 5, 0.0, float(number), duration_s=0.5, queue=-1)
        kernel.advance(number + 0.9)
    handle = kernel.submit(0, 3, 10, 5, 3.0, 4.0, duration_s=0.5, priority=-2)
    assert handle >> 32 == 3
    assert (kernel.is_live(handle), kernel.is_live(handle + (1 << 32))) == (True, False)
    assert kernel._state.slots["priority"][handle & 0xFFFFFFFF] == -2


def test_the_code_is_known_by_sources_and_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another source or another processor gives another name, the same ones the same."""

    def name() -> str:
        store.code_name.cache_clear()
        return store.code_name()

    first = name()
    assert name() == first
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    second = name()
    (tmp_path / "engine.py").write_text("changed", encoding="utf-8")
    monkeypatch.setattr(store, "SOURCES", tmp_path)
    names = {first, second, name()}
    store.code_name.cache_clear()
    assert len(names) == 3


def test_the_first_folder_that_can_be_written_keeps_the_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder that cannot be made is passed over; what the next one keeps is found again, by anybody."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    blocked, free = tmp_path / "file" / "blocked", tmp_path / "deep" / "free"
    monkeypatch.setattr(store, "folders", lambda: iter((blocked, free)))
    assert store.kept_code() is None
    assert store.keep_code(b"code") == free / store.code_name()
    assert store.kept_code() == b"code"
    assert [path.name for path in free.iterdir()] == [store.code_name()]
    modes = [path.stat().st_mode & 0o777 for path in (free / store.code_name(), free)]
    assert modes == [0o644, 0o755 & ~umask()]


def test_a_temporary_folder_of_others_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Machine code is read from a shared place only when nobody else could have put it there."""
    monkeypatch.setattr(store.tempfile, "gettempdir", lambda: str(tmp_path))
    mine = tmp_path / f"wayfare-{os.getuid()}"
    assert mine in set(store.folders())
    mine.mkdir()
    mine.chmod(0o777)
    assert mine not in set(store.folders())
    mine.chmod(0o700)
    assert mine in set(store.folders())


def test_code_that_no_folder_can_keep_is_said_to_be_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where not even a temporary folder can be written, nothing is kept, and a line says what helps."""

    def nowhere() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file" / name))
    monkeypatch.setattr(store, "SOURCES", tmp_path / "file")
    monkeypatch.setattr(store.tempfile, "gettempdir", nowhere)
    assert store.keep_code(b"code") is None
    assert "NUMBA_CACHE_DIR" in cache_location()


def test_a_warm_kernel_needs_no_compiler() -> None:
    """A process that finds the machine code imports neither Numba nor the functions it is made of."""
    doors()
    code = "import sys; from simulator.kernel.machine_code.warm import warm_kernel; warm_kernel(); "
    code += "sys.exit(any(name in sys.modules for name in ('numba', 'simulator.kernel.compiled.engine')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0
