"""`python -m dashboards [FOLDER]`: the dashboards as Grafana reads them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.energy_and_carbon import energy_and_carbon
from dashboards.fleet import fleet
from dashboards.policy_comparison import policy_comparison
from dashboards.run_overview import run_overview
from dashboards.service_health import service_health

if TYPE_CHECKING:
    from collections.abc import Callable

    from grafana_foundation_sdk.models.dashboard import Dashboard

SHIPPED = Path(__file__).parent / "grafana" / "boards"
DASHBOARDS: tuple[Callable[[], Dashboard], ...] = (
    run_overview,
    policy_comparison,
    fleet,
    energy_and_carbon,
    service_health,
)


def texts() -> dict[str, str]:
    """The text of every dashboard by the name of its file."""
    return {f"{make.__name__.replace('_', '-')}.json": text_of(make()) for make in DASHBOARDS}


def text_of(dashboard: Dashboard) -> str:
    """A dashboard as text that differs only where the dashboard does."""
    return JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(dashboard) + "\n"


def write(folder: Path) -> None:
    """Writes every dashboard into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED)
