"""The whole report of one run, computed again from its records."""

from __future__ import annotations

import math
from collections import Counter

from oracle.accountant.answers import lengths_changed
from oracle.accountant.figures import Figures, Part, over, spread_of
from oracle.accountant.records import records_of
from oracle.accountant.switching import cache_regret

FAILURES = (
    "queue_full",
    "too_large",
    "rate_limit",
    "overloaded",
    "server_error",
    "outage",
    "context_length",
    "connection",
)
"""Why attempts fail, in the words of reports and records."""
LOST = ("rejected", "timed_out", "failed")


class Accountant:
    """Recomputes a run's report; `figures()` has the report's own shape."""

    def __init__(self, scenario, result):
        self.scenario, self.records = scenario, records_of(result)
        self.blocks = Figures(scenario, self.records)
        self.bills, self.answers = self.blocks.bills, self.blocks.answers
        self.cohort = [row for row in self.records.requests if row["arrival_s"] >= scenario.warmup_s]
        ours = {row["request"] for row in self.cohort}
        self.tries = [row["attempt"] for row in self.records.attempts if row["request"] in ours]
        self.worked = [row["attempt"] for row in self.records.attempts]
        self.targets = list(self.bills.spans)
        self.whole = Part(
            requests=self.cohort,
            attempts=self.tries,
            work=self.worked,
            targets=self.targets,
            routed=self.cohort,
        )

    def figures(self):
        """Every figure of the report, by its names."""
        whole, blocks = self.whole, self.blocks
        return {
            "simulated_s": self.scenario.duration_s,
            "requests": blocks.requests(whole),
            "attempts": self.attempts(),
            "tokens": blocks.tokens(whole),
            "cost_usd": blocks.cost(whole),
            "energy_wh": blocks.energy(whole),
            "emissions_gco2e": blocks.emissions(whole),
            "water_l": blocks.water(whole),
            "drain": blocks.drain(),
            "latency": blocks.latency(whole),
            **blocks.levels(whole),
            "tasks": self.tasks(),
            "cache_regret": cache_regret(self.scenario, self.records, self.bills, self.answers),
            "utilization": self.utilization(),
            "by": self.breakdowns(),
            "decisions": dict(Counter(row["reason"] for row in self.cohort if row["reason"])),
            "availability": self.availability(),
            "replicas": self.replicas(),
            "devices": self.devices(),
            "length_effects": lengths_changed(self.scenario, self.records),
        }

    def attempts(self):
        """Attempts by why they were made, and why others failed."""
        rows = [self.records.attempts[number] for number in self.tries]
        kinds = Counter(row["kind"] for row in rows)
        failed = Counter(row["failure_reason"] for row in rows if row["state"] == "failed")
        given_up = [row for row in rows if row["state"] == "cancelled"]
        late = sum(row["client_left"] for row in given_up)
        return {
            "total": len(rows),
            "retries": kinds["retry"],
            "fallbacks": kinds["fallback"],
            "escalations": kinds["escalation"],
            "hedges": kinds["hedge"],
            "cancelled": len(given_up),
            "failures": {**{name: failed[name] for name in FAILURES}, "timeout": late},
        }

    # -- breakdowns ---------------------------------------------------------------------------

    def breakdowns(self):
        """By where it was served, and by who asked for what."""
        places = {"tier": "tier", "model": "model", "deployment": "name", "region": "region"}
        served = {name: self.by_place(label) for name, label in places.items()}
        return {**served, "task": self.by_asker("task"), "tenant": self.by_asker("tenant")}

    def by_place(self, label):
        """Rows by a label of deployments; requests go to whoever answered them."""
        labels = {entry.name: getattr(entry, label) for entry in self.scenario.fleet}
        found = {}
        for name in dict.fromkeys(labels.values()):
            mine = [number for number in self.tries if labels[self._place(number)] == name]
            work = [number for number in self.worked if labels[self._place(number)] == name]
            targets = [target for target in self.targets if labels[self._stands(target)] == name]
            answered = [row for row in self.cohort if row["deployment"] and labels[row["deployment"]] == name]
            found[name] = Part(requests=answered, attempts=mine, work=work, targets=targets, routed=[])
        nobody = [row for row in self.cohort if not row["deployment"]]
        rest = Part(requests=nobody, attempts=[], work=[], targets=[], routed=self.cohort)
        return self._with_rest(found, rest)

    def _place(self, number):
        """The deployment of an attempt."""
        return self.records.attempts[number]["deployment"]

    def _stands(self, target):
        """The deployment of a target."""
        return self.bills.spans[target][0]["deployment"]

    def by_asker(self, label):
        """Rows by a label of requests; idle capacity is nobody's."""
        found = {}
        for name in dict.fromkeys(row[label] for row in self.cohort):
            mine = [row for row in self.cohort if row[label] == name]
            asked = {row["request"] for row in mine}
            tries = [n for n in self.tries if self.records.attempts[n]["request"] in asked]
            found[name] = Part(requests=mine, attempts=tries, work=tries, targets=[], routed=mine)
        early = sorted(set(self.worked) - set(self.tries))
        return self._with_rest(
            found, Part(requests=[], attempts=[], work=early, targets=self.targets, routed=[])
        )

    def _with_rest(self, parts, rest):
        """The rows' figures, and those of the rest if there is any."""
        found = {name: self.blocks.short(part) for name, part in parts.items()}
        routing = any(row["routing_usd"] for row in rest.routed)
        if rest.requests or rest.targets or routing:
            found["unallocated"] = self.blocks.short(rest)
        return found

    # -- fleet and devices --------------------------------------------------------------------

    def utilization(self):
        """Busy over held by deployment and of both pools of a split one, and overall."""
        found = {"overall": self.blocks.utilization(self.targets)}
        for entry in self.scenario.fleet:
            mine = [target for target in self.targets if self._stands(target) == entry.name]
            found[entry.name] = self.blocks.utilization(mine)
            if entry.engine.split is not None:
                found |= self.pools(entry)
        return found

    def pools(self, entry):
        """Utilisation of the pools that prefill and decode."""
        rows = self.bills.spans[entry.name]
        busy_s, decode_s = (math.fsum(row[name] for row in rows) for name in ("busy_s", "decode_busy_s"))
        ranks, prefill = entry.hardware.attention_data_parallel, entry.engine.split.prefill_replicas
        room_s = self.bills.window_s * ranks
        return {
            f"{entry.name}/prefill": (busy_s - decode_s) / (room_s * prefill),
            f"{entry.name}/decode": decode_s / (room_s * (entry.replicas - prefill)),
        }

    def mean_count(self, name, state):
        """Mean replicas of a deployment in a state over the window."""
        rows = [row for row in self.records.capacity if row["deployment"] == name]
        return math.fsum(row[state] * (row["to_s"] - row["from_s"]) for row in rows) / self.bills.window_s

    def availability(self):
        """1 - down / wanted by deployment."""
        found = {}
        for entry in self.scenario.fleet:
            down, wanted = (self.mean_count(entry.name, state) for state in ("down", "wanted"))
            found[entry.name] = 1.0 - down / wanted if wanted else None
        return found

    def replicas(self):
        """Mean replicas by state of deployments that scale."""
        scaled = [entry.name for entry in self.scenario.fleet if entry.autoscaling]
        states = ("held", "starting", "ready", "draining")
        return {name: {state: self.mean_count(name, state) for state in states} for name in scaled}

    def devices(self):
        """By deployment on users' own devices."""
        own = [entry for entry in self.scenario.fleet if entry.device and entry.device.per_user]
        return {entry.name: self.device_block(entry) for entry in own}

    def device_block(self, entry):
        """Charge, heat and absence of one deployment's devices."""
        count = sum(stream.devices for stream in self.scenario.streams)
        mine = [
            row for row in map(self.records.attempts.__getitem__, self.tries) if row["target"] == entry.name
        ]
        drawn_wh, days = [0.0] * count, self.bills.window_s / 86_400.0
        for row in mine:
            if row["replica"] >= 0:
                drawn_wh[row["replica"]] += row["energy_j"] / 3_600.0 / days
        battery_wh = self.scenario.catalog.device(entry.device.device).battery_wh
        rows = self.bills.spans[entry.name]
        asked, off = (sum(row[name] for row in rows) for name in ("asked_count", "off_count"))
        return {
            "count": count,
            "wh_per_device_day": spread_of(drawn_wh),
            "charge_ratio_per_day": spread_of([wh / battery_wh for wh in drawn_wh]) if battery_wh else None,
            "slowdown": self.slowdown(entry, [row for row in mine if row["state"] == "completed"]),
            "offline_ratio": off / asked if asked else 0.0,
        }

    def slowdown(self, entry, rows):
        """Seconds taken over those of a cold device: prompt / prefill speed + answer / decode speed."""
        speed = self.scenario.catalog.device(entry.device.device).speeds[entry.model]
        hot = (speed.sustained_decode_tokens_per_s or speed.decode_tokens_per_s) / speed.decode_tokens_per_s
        pace = min(hot, 1.0) if entry.device.sustained else 1.0
        cold_s = [
            row["input_token_count"] / (speed.prefill_tokens_per_s * pace)
            + row["output_token_count"] / (speed.decode_tokens_per_s * pace)
            for row in rows
        ]
        return over(math.fsum(row["busy_s"] for row in rows), math.fsum(cold_s))

    # -- agent tasks --------------------------------------------------------------------------

    def tasks(self):
        """Figures of agent tasks, and by stream."""
        calls = {}
        for row in self.records.requests:
            if row["agent_task"] >= 0:
                calls.setdefault(row["agent_task"], []).append(row)
        chains = [sorted(rows, key=lambda row: row["call"]) for rows in calls.values()]
        opened = [rows for rows in chains if rows[0]["arrival_s"] >= self.scenario.warmup_s]
        agents = [stream for stream in self.scenario.streams if stream.agent]
        by_stream = {
            stream.name: self.task_figures([rows for rows in opened if rows[0]["stream"] == stream.name])
            for stream in agents
        }
        return {**self.task_figures(opened), "by_stream": by_stream}

    def task_figures(self, chains):
        """Figures of some tasks."""
        done = [rows for rows in chains if self.is_complete(rows)]
        failed = sum(rows[-1]["state"] in LOST for rows in chains)
        good = sum(self.is_good(rows) for rows in done)
        counts = [len(rows) for rows in chains]
        usd = math.fsum(self.request_usd(row) for rows in chains for row in rows)
        wh = math.fsum(self.request_wh(row) for rows in chains for row in rows)
        spans = [self.span_s(rows) for rows in done]
        return {
            "arrived": len(chains),
            "completed": len(done),
            "failed": failed,
            "unfinished": len(chains) - len(done) - failed,
            "success_ratio": over(good, len(chains)),
            "latency_s": spread_of(spans),
            "calls": {"mean": over(sum(counts), len(chains)), "max": max(counts, default=0)},
            "cost_usd": {"total": usd, "per_task": over(usd, len(chains)), "per_success": over(usd, good)},
            "energy_wh": {"total": wh, "per_task": over(wh, len(chains))},
        }

    def is_complete(self, rows):
        """All calls that were planned came, and the last was answered."""
        last = rows[-1]
        return last["call"] == last["planned_call_count"] and last["state"] == "completed"

    def is_good(self, rows):
        """Right by the stream's rule: the last answer, or all."""
        rule = self.answers.streams[rows[0]["stream"]].agent.success
        judged = rows if rule == "all" else rows[-1:]
        return all(self.answers.is_right(row) for row in judged)

    def span_s(self, rows):
        """From the first call's arrival to the last answer delivered."""
        last = rows[-1]
        return last["arrival_s"] + self.answers.times(last)["e2e_s"] - rows[0]["arrival_s"]

    def request_usd(self, row):
        """What a request cost: all its attempts, and routing."""
        tries = self.records.tries[row["request"]]
        return math.fsum(self.bills.cost_usd(entry["attempt"]) for entry in tries) + row["routing_usd"]

    def request_wh(self, row):
        """What a request drew on our side and at APIs."""
        bills = [self.bills.attempt[entry["attempt"]] for entry in self.records.tries[row["request"]]]
        return math.fsum(bill["own_wh"] + bill["estimate_wh"] for bill in bills)
