"""Thousands of hostile calls."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from figures import Finding, Row, exactly, plain, pss_mb

from hostile import Attacker, attack
from serving import SHORT, TOKENS, Service, named_run, written_tokens
from simulator import shipped_scenarios
from wayfare.client import OVER, Client

CALLS, ATTACKERS = 10_000, 4


def hostile_calls() -> Finding:
    """Attackers of one tenant call whatever they like while another tenant's run lies there."""
    trace = shipped_scenarios()["azure-replay"].parent / "traces" / "azure-shaped-sample.csv.gz"
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        options = ("--tokens", str(written_tokens(folder)))
        with (
            Service(folder / "store", *options) as service,
            Client(service.address, token=TOKENS["blue"]) as blue,
        ):
            upload = blue.upload(trace.read_bytes())
            run = blue.create(named_run("frontier-only", settings=SHORT))
            before, before_mb = blue.report(run.run_id), pss_mb(service.processes())
            begun_s = time.perf_counter()
            with ThreadPoolExecutor(ATTACKERS) as pool:
                attackers = [Attacker(seed, run.run_id, upload) for seed in range(ATTACKERS)]
                outcomes = list(
                    pool.map(
                        lambda one: attack(service.address, TOKENS["red"], one, CALLS // ATTACKERS), attackers
                    )
                )
            took_s, after_mb = time.perf_counter() - begun_s, pss_mb(service.processes())
            unchanged = blue.report(run.run_id) == before and len(list(blue.runs())) == 1
            accepted = {run_id for one in outcomes for run_id in one.accepted}
            with Client(service.address, token=TOKENS["red"]) as red:
                ended = sum(list(red.watch(run_id))[-1].run.state in OVER for run_id in accepted)
            status = service.end()
    statuses = sum((one.statuses for one in outcomes), Counter())
    wrong = [what for one in outcomes for what in one.wrong]
    return Finding(
        title="Hostile calls",
        done=f"{CALLS:,} seeded calls by {ATTACKERS} callers: noise, mutated messages, huge texts, deep "
        "nesting, paths, addresses and code in every text, YAML bombs, absurd numbers, packed bombs, "
        "other tenants' runs and traces. Runs accepted on the way are cancelled.",
        rows=(
            exactly("calls that were answered wrongly (a crash, an unknown status)", len(wrong), 0),
            *(Row(what="wrong", found=str(one)) for one in wrong[:5]),
            *(plain(f"answered {name}", count, "calls") for name, count in statuses.most_common()),
            exactly("accepted runs that ended", ended, len(accepted)),
            exactly("the other tenant's run and report are unchanged", int(unchanged), 1),
            exactly("exit code of the service afterwards", status, 0),
            plain("time", took_s, "s"),
            plain("memory before (PSS)", before_mb, "MB"),
            plain("memory afterwards (PSS)", after_mb, "MB"),
        ),
    )
