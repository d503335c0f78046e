"""One benchmark case in a process of its own: `python bench/case.py SCENARIO [--trace F] [--set P=V]`.

Prints wall seconds of each phase, requests, peak memory and the busy share as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

BEGAN_S = time.perf_counter()


def arguments() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("--trace")
    parser.add_argument("--policy")
    parser.add_argument("--set", action="append", default=[])
    return parser.parse_args()


def main() -> None:
    """Runs the case and prints what it took."""
    given = arguments()
    from simulator import load_scenario, simulate

    scenario = load_scenario(given.scenario, overrides=given.set, trace=given.trace)
    loaded_s = time.perf_counter() - BEGAN_S
    result = simulate(scenario, given.policy)
    phases = result.phases
    print(
        json.dumps(
            {
                "requests": result.report.figure("requests.arrived"),
                "attempts": result.report.figure("attempts.total"),
                "completed": result.report.figure("completion_ratio"),
                "busy": result.report.utilization["overall"],
                "load_s": loaded_s,
                "kernel_s": phases.kernel_s,
                "resolve_s": phases.resolve_s,
                "world_s": phases.world_s,
                "accounting_s": phases.accounting_s,
                "report_s": phases.report_s,
                "process_s": time.perf_counter() - BEGAN_S,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
            }
        )
    )


if __name__ == "__main__":
    main()
