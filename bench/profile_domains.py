"""States the box that each profile's points span: `python bench/profile_domains.py POINTS.csv ENERGY.csv`.

Writes `domain` into the profiles that bench/fit_profiles.py and bench/fit_power.py made, and changes
nothing else there; fitting anew writes it as well.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import fit_power
import fit_profiles
import yaml

from simulator.calibration.domain import box_of

if TYPE_CHECKING:
    from catalogs.serving_profile import Domain


def main() -> None:
    """Renews the domains of all profiles."""
    points, energy_points = map(Path, sys.argv[1:3])
    boxes: dict[str, Domain] = {}
    every = fit_profiles.fitted_points(points)
    for engine, (_version, name) in fit_profiles.ENGINES.items():
        box = box_of([point for point in every if point.engine == engine])
        boxes |= dict.fromkeys((name, *fit_profiles.OTHERS.get(engine, {})), box)
    renew(fit_profiles.TARGET, boxes)
    measured = [one.point for one in fit_power.points_in(energy_points)]
    renew(fit_power.TARGET, {fit_power.PROFILE: box_of(measured)})


def renew(path: Path, boxes: dict[str, Domain]) -> None:
    """Writes the boxes into a file of profiles."""
    text = path.read_text(encoding="utf-8")
    entries = yaml.safe_load(text)
    for name, entry in entries.items():
        entry["domain"] = boxes[name].model_dump(mode="json", exclude_defaults=True)
        print(name, entry["domain"])
    parts = [yaml.safe_dump({name: entry}, sort_keys=False, width=100) for name, entry in entries.items()]
    path.write_text("\n".join([text.splitlines()[0] + "\n", *parts]), encoding="utf-8")


if __name__ == "__main__":
    main()
