"""Where the kernel's machine code is kept, under a name that says what it was made of and for.

The name is a digest of this package's sources, of the compiler's and Python's version and of the
processor: no other code can be found under it. Folders in order: `NUMBA_CACHE_DIR`, beside the
sources, the user's cache, the system's temporary folder; a read-only installation uses the first
that lets it write.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import llvmlite
import llvmlite.binding as llvm

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(__file__).parents[1]


def kept_code() -> bytes | None:
    """The machine code of these very sources for this processor, if some folder holds it."""
    found = kept_file()
    return found.read_bytes() if found else None


def kept_file() -> Path | None:
    """The file that holds it, in the first folder that has one."""
    name = code_name()
    paths = (folder / name for folder in folders())
    return next((path for path in paths if os.access(path, os.R_OK)), None)


def keep_code(code: bytes) -> Path | None:
    """Keeps the machine code in the first folder that can be written; returns the file, or None."""
    name = code_name()
    for folder in folders():
        try:
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            return written(folder / name, code)
        except OSError:
            continue
    return None


def written(path: Path, code: bytes) -> Path:
    """Writes a file that appears whole or not at all, and that everybody may read."""
    handle, part = tempfile.mkstemp(dir=path.parent)
    os.fchmod(handle, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(code)
    Path(part).replace(path)
    return path


def folders() -> Iterator[Path]:
    """The folders that may hold the code, the first choice first."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        yield Path(given)
    yield SOURCES / "__pycache__"
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  (never raises)
    if Path(cache).is_absolute():
        yield Path(cache) / "wayfare"
    temporary = temporary_folder()
    if temporary and (not temporary.exists() or is_own(temporary)):
        yield temporary


def temporary_folder() -> Path | None:
    """This user's part of the system's temporary folder; None where nothing at all can be written."""
    try:
        return Path(tempfile.gettempdir()) / f"wayfare-{os.getuid()}"
    except FileNotFoundError:
        return None


def is_own(folder: Path) -> bool:
    """Whether nobody but this user could have put anything there."""
    found = folder.lstat()
    return found.st_uid == os.getuid() and not folder.is_symlink() and not found.st_mode & 0o022


@lru_cache(maxsize=1)
def code_name() -> str:
    """The file's name: a digest of all that decides about the machine code."""
    made = hashlib.sha256(f"{sys.implementation.cache_tag} {llvmlite.__version__} {processor()}".encode())
    for source in sorted(SOURCES.rglob("*.py")):
        made.update(hashlib.sha256(source.read_bytes()).digest())
    return f"kernel-{made.hexdigest()[:32]}.o"


def processor() -> str:
    """The processor that Numba compiles for: the one given, else this machine's with its features."""
    name, features = os.environ.get("NUMBA_CPU_NAME"), os.environ.get("NUMBA_CPU_FEATURES")
    found = features if name else features or llvm.get_host_cpu_features().flatten()
    return f"{llvm.get_process_triple()} {name or llvm.get_host_cpu_name()} {found}"
