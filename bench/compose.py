"""`python -m bench.compose`: docker-compose.yml checked by Compose itself, without an engine.

Compose v2 is taken where it is installed. On CI, where a check must not be missing, it is fetched
as Debian's package from the release after this one, without becoming root or installing anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "compose"
PLUGIN = "usr/libexec/docker/cli-plugins/docker-compose"
NEXT_RELEASE = "trixie"
SOURCES = Path("/etc/apt/sources.list.d")
OLD_SOURCES = Path("/etc/apt/sources.list")


class NoComposeError(RuntimeError):
    """Compose v2 is neither installed nor to be had."""


def compose_command(*, fetching: bool) -> list[str]:
    """The words that start Compose v2; `fetching` it where it is not installed.

    Raises:
        NoComposeError: there is none.
    """
    fetched = CACHE / PLUGIN
    offered = [["docker", "compose"], ["docker-compose"], [str(fetched)]]
    found = next((words for words in offered if is_second_version(words)), None)
    if found is None and fetching:
        fetch()
        found = [str(fetched)] if is_second_version([str(fetched)]) else None
    if found is None:
        raise NoComposeError("Compose v2 is not installed; with CI=true it is fetched by apt-get")
    return found


def is_second_version(words: list[str]) -> bool:
    """Whether these words start Compose v2 or later; v1 knows an older file format."""
    if shutil.which(words[0]) is None:
        return False
    told = subprocess.run([*words, "version", "--short"], capture_output=True, text=True, check=False)
    number = re.match(r"v?(\d+)\.", told.stdout)
    return told.returncode == 0 and number is not None and int(number[1]) >= 2  # noqa: PLR2004  (the second)


def fetch() -> None:
    """Unpacks the package of the next release into the cache.

    Raises:
        NoComposeError: this machine has no apt, or its mirror no such package.
    """
    if shutil.which("apt-get") is None:
        raise NoComposeError("Compose v2 is not installed, and there is no apt-get to fetch it with")
    sources = CACHE / "apt" / "sources.list.d"
    for folder in (sources, CACHE / "apt" / "lists" / "partial", CACHE / "apt" / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    write_sources(sources)
    for words in (["update"], ["download", "docker-compose"]):
        apt(words)
    (package,) = CACHE.glob("docker-compose_*.deb")
    subprocess.run(["dpkg", "-x", package.name, "."], cwd=CACHE, check=True)


def write_sources(folder: Path) -> None:
    """Writes this machine's own Debian sources, of the next release and of its main suite only."""
    for path in [*SOURCES.glob("*.sources"), *SOURCES.glob("*.list"), OLD_SOURCES]:
        if path.exists() and (text := next_release(path.read_text(encoding="utf-8"), path.suffix)):
            (folder / path.name).write_text(text, encoding="utf-8")


def next_release(text: str, suffix: str) -> str:
    """A file of apt sources with the next release for this one; without security's and others' sources."""
    if suffix == ".sources":
        kept = [each for each in text.split("\n\n") if re.search(r"^URIs:.*/debian/?$", each, re.MULTILINE)]
        return re.sub(r"^Suites:.*$", f"Suites: {NEXT_RELEASE}", "\n\n".join(kept), flags=re.MULTILINE)
    found = re.findall(r"^deb (\[.*?\] )?(\S+/debian/?) \S+ ", text, re.MULTILINE)
    return "".join(f"deb {options}{address} {NEXT_RELEASE} main\n" for options, address in found[:1])


def apt(words: list[str]) -> None:
    """Runs apt-get on folders of our own.

    Raises:
        NoComposeError: it failed, with what it said.
    """
    places = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": CACHE / "apt" / "sources.list.d",
        "Dir::State::lists": CACHE / "apt" / "lists",
        "Dir::Cache": CACHE / "apt",
        "APT::Sandbox::User": "root",
    }
    options = [word for name, value in places.items() for word in ("-o", f"{name}={value}")]
    done = subprocess.run(
        ["apt-get", *options, *words], cwd=CACHE, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NoComposeError(f"apt-get {' '.join(words)}: {done.stderr.strip()}")


def checked() -> int:
    """0 when the file is right, else what Compose returned; a check that cannot be made is told."""
    on_ci = bool(os.environ.get("CI"))
    try:
        command = compose_command(fetching=on_ci)
    except NoComposeError as error:
        sys.stderr.write(f"docker-compose.yml was NOT checked: {error}\n")
        return int(on_ci)
    file = str(ROOT / "docker-compose.yml")
    return subprocess.run([*command, "--file", file, "config", "--quiet"], check=False).returncode


if __name__ == "__main__":
    sys.exit(checked())
