"""The blocks of a report over some of a run's rows, by plain sums. Names: CONTRACT.md, "Report JSON"."""

from __future__ import annotations

import math
from dataclasses import dataclass

from oracle.accountant.bills import Bills
from oracle.accountant.month import Month
from oracle.accountant.paths import path_times

MONTH_S = 30.4375 * 24.0 * 3_600.0
STATES = ("completed", "rejected", "timed_out", "failed", "unfinished")
LATENCIES = ("ttft_s", "tpot_s", "e2e_s", "queue_s", "network_s")


def over(part, whole):
    """A quotient, None where there is nothing below the line."""
    return part / whole if whole else None


def quantile(values, share):
    """The value at a share of the ordered values, between two neighbours by a straight line."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def spread_of(values):
    """Mean, quantiles and maximum of the values that are known."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    if not known:
        return dict.fromkeys(("mean", "p50", "p90", "p95", "p99", "max"))
    shares = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
    found = {name: quantile(known, share) for name, share in shares.items()}
    return {"mean": math.fsum(known) / len(known), **found, "max": max(known)}


@dataclass(slots=True, kw_only=True)
class Part:
    """Some of a run: requests, attempts made for them, work it carries (attempts), idling of targets."""

    requests: list[dict]
    attempts: list[int]
    work: list[int]
    targets: list[str]
    routed: list[dict]


class Figures:
    """Blocks of a report for any part of a run."""

    def __init__(self, scenario, records):
        self.scenario, self.records = scenario, records
        self.bills = Bills(scenario, records)
        self.answers = Answers(scenario, records)
        self.month = Month(scenario)

    def rows(self, part):
        """The part's attempts."""
        return [self.records.attempts[number] for number in part.attempts]

    def summed(self, part, name):
        """An amount over the part's attempts."""
        return math.fsum(self.bills.attempt[number][name] for number in part.work)

    def idle(self, part, name):
        """An amount over what the part's targets idle."""
        return math.fsum(self.bills.idle[target][name] for target in part.targets)

    def requests(self, part):
        """Requests by state."""
        states = [row["state"] for row in part.requests]
        return {"arrived": len(states), **{name: states.count(name) for name in STATES}}

    def tokens(self, part):
        """Tokens of all attempts; hidden reasoning of the answers given."""
        rows = [row for row in self.rows(part) if self.bills.is_processed(row)]
        return {
            "input": sum(row["input_token_count"] for row in rows),
            "cached_input": sum(row["cached_token_count"] for row in rows),
            "cache_write": sum(row["cache_write_token_count"] for row in rows),
            "output": sum(row["output_token_count"] for row in rows),
            "reasoning_output": sum(self.answers.reasoning_tokens(row) for row in part.requests),
        }

    def cost(self, part):
        """Dollars by kind, their sum, the wasted part of it, and what that makes by unit."""
        kinds = {
            "api": self.summed(part, "api"),
            "capacity_used": self.summed(part, "capacity"),
            "capacity_idle": self.idle(part, "capacity"),
            "energy": self.summed(part, "energy") + self.idle(part, "energy"),
            "egress": self.summed(part, "egress"),
            "routing": math.fsum(row["routing_usd"] for row in part.routed),
        }
        total = math.fsum(kinds.values())
        tokens = self.tokens(part)
        processed = tokens["input"] + tokens["output"]
        right = sum(self.answers.is_right(row) for row in part.requests)
        return {
            "total": total,
            **kinds,
            "wasted": math.fsum(self.bills.waste_usd(number) for number in part.work),
            "per_request": over(total, len(part.requests)),
            "per_correct": over(total, right),
            "per_mtok": over(total * 1e6, processed),
            "per_month": self.monthly_usd(part, kinds["capacity_used"]),
        }

    def monthly_usd(self, part, used_usd):
        """A month's hours of what is held, and a month's traffic of what goes with requests."""
        held_usd = used_usd + self.idle(part, "capacity") + self.idle(part, "energy")
        going_usd = math.fsum(
            self.month.factor(self.records.asked[self.records.attempts[number]["request"]]) * bill[name]
            for number in part.work
            for bill in [self.bills.attempt[number]]
            for name in ("api", "egress", "energy")
        )
        going_usd += math.fsum(self.month.factor(row) * row["routing_usd"] for row in part.routed)
        return (held_usd + going_usd) / self.bills.window_s * MONTH_S

    def drain(self):
        """What held machines did after the window."""
        bills = [
            (self.terms(row["attempt"]), self.bills.attempt[row["attempt"]]["drain"])
            for row in self.records.attempts
        ]
        used, energy, wh, grams = (
            math.fsum(bill[name] for _terms, bill in bills) for name in ("usd", "energy_usd", "wh", "gco2e")
        )
        last_s = max((row["finished_s"] for row in self.records.attempts), default=0.0)
        litres = [
            (terms.water_site_l_per_kwh() + terms.water_source_l_per_kwh()) * bill["wh"] / 1_000.0
            for terms, bill in bills
        ]
        return {
            "seconds": max(last_s - self.bills.to_s, 0.0),
            "cost_usd": {"total": used + energy, "capacity_used": used, "energy": energy},
            "energy_wh": wh,
            "emissions_gco2e": grams,
            "water_l": math.fsum(litres),
        }

    def energy(self, part):
        """Watt-hours at the meter, and users' own apart."""
        active, estimate = self.summed(part, "own_wh"), self.summed(part, "estimate_wh")
        idle = self.idle(part, "wh")
        return {
            "total": active + idle + estimate,
            "active": active,
            "idle": idle,
            "api_estimate": estimate,
            "user_side": self.summed(part, "user_wh"),
            "per_request": over(active + idle + estimate, len(part.requests)),
        }

    def emissions(self, part):
        """Grams of the energy total; making the chips and users' machines apart."""
        total = self.summed(part, "gco2e") + self.idle(part, "gco2e")
        return {
            "total": total,
            "embodied": self.idle(part, "embodied"),
            "user_side": self.summed(part, "user_gco2e"),
            "per_request": over(total, len(part.requests)),
        }

    def water(self, part):
        """Litres evaporated on site, and where the electricity was made."""
        drawn = [(self.terms(number), self.bills.attempt[number]) for number in part.work]
        kwh = [(terms, (bill["own_wh"] + bill["estimate_wh"]) / 1_000.0) for terms, bill in drawn]
        kwh += [
            (self.bills.terms_of(target), self.bills.idle[target]["wh"] / 1_000.0) for target in part.targets
        ]
        site = math.fsum(amount * terms.water_site_l_per_kwh() for terms, amount in kwh)
        source = math.fsum(amount * terms.water_source_l_per_kwh() for terms, amount in kwh)
        return {"total": site + source, "site": site, "source": source}

    def terms(self, number):
        """The terms of an attempt."""
        return self.bills.terms_of(self.records.attempts[number]["target"])

    def latency(self, part, names=LATENCIES):
        """Distributions of delivered times."""
        times = [self.answers.times(row) for row in part.requests if row["state"] == "completed"]
        return {name: spread_of([found[name] for found in times]) for name in names}

    def levels(self, part):
        """Completion, service level, quality: of those who arrived."""
        arrived = len(part.requests)
        done = sum(row["state"] == "completed" for row in part.requests)
        met = sum(self.answers.met(row) for row in part.requests)
        right = sum(self.answers.is_right(row) for row in part.requests)
        best = sum(self.answers.could_be_right(row) for row in part.requests)
        return {
            "completion_ratio": over(done, arrived),
            "slo": {"attainment_ratio": over(met, arrived), "goodput_per_s": met / self.bills.window_s},
            "quality": {"success_ratio": over(right, arrived), "oracle_success_ratio": over(best, arrived)},
        }

    def utilization(self, targets):
        """Busy over held; None where nothing is held."""
        held = [target for target in targets if self.bills.held_s(target) > 0.0]
        busy_s = math.fsum(self.bills.busy_s(target) for target in held)
        return over(busy_s, math.fsum(self.bills.held_s(target) for target in held))

    def short(self, part):
        """One row of a breakdown."""
        return {
            "requests": self.requests(part),
            "attempts": {"total": len(part.attempts)},
            "tokens": self.tokens(part),
            "cost_usd": self.cost(part),
            "energy_wh": self.energy(part),
            "emissions_gco2e": self.emissions(part),
            "latency": self.latency(part, ("ttft_s", "e2e_s")),
            **self.levels(part),
            "utilization": self.utilization(part.targets),
        }


class Answers:
    """What each request got, and when it was delivered."""

    def __init__(self, scenario, records):
        self.scenario, self.records = scenario, records
        self.streams = {stream.name: stream for stream in scenario.streams}
        self.models = {entry.name: entry.model for entry in scenario.fleet}
        self.known = {}

    def winner(self, request):
        """The attempt whose answer the request got, None without one."""
        if request["state"] != "completed":
            return None
        return next(row for row in self.records.tries[request["request"]] if not row["wasted"])

    def is_right(self, request):
        """Whether the answer is right."""
        won = self.winner(request)
        return won is not None and won["model"] in request["right_models"].split(",")

    def could_be_right(self, request):
        """Whether some deployment that is allowed to answer is right."""
        allowed = [self.models[name] for name in request["candidates"].split(",") if name]
        return any(model in request["right_models"].split(",") for model in allowed)

    def reasoning_tokens(self, request):
        """Hidden tokens of the answer: the model's share of them, whole ones."""
        won = self.winner(request)
        if won is None:
            return 0
        ratio = self.scenario.catalog.model(won["model"]).reasoning_ratio
        return math.floor(won["output_token_count"] * ratio)

    def times(self, request):
        """Seconds from arrival to first and last token delivered, by token, in line, on the way."""
        if request["request"] not in self.known:
            self.known[request["request"]] = self._times(request)
        return self.known[request["request"]]

    def _times(self, request):
        """As `times`. A verified answer is shown whole when its verdict is in; hidden tokens come first."""
        won, arrival_s = self.winner(request), request["arrival_s"]
        waits = path_times(self.records.tries[request["request"]], won)
        if request["verified"]:
            whole_s = request["final_s"] - arrival_s
            return {"ttft_s": whole_s, "tpot_s": None, "e2e_s": whole_s, **waits}
        last_s = won["finished_s"] + won["back_s"] - arrival_s
        first_s = won["first_token_s"] + won["back_s"] - arrival_s
        tokens = won["output_token_count"]
        tpot_s = (last_s - first_s) / (tokens - 1) if tokens > 1 else None
        hidden_s = self.reasoning_tokens(request) * (tpot_s or 0.0)
        return {"ttft_s": first_s + hidden_s, "tpot_s": tpot_s, "e2e_s": last_s, **waits}

    def objectives(self, request):
        """Limits by name: all of a stream's own where it states any, else its task's; none for who waits."""
        stream = self.streams[request["stream"]]
        if stream.slo is not None:
            return {"ttft_s": stream.slo.ttft, "tpot_s": stream.slo.tpot, "e2e_s": stream.slo.e2e}
        if stream.deferrable:
            return {}
        usual = self.scenario.catalog.task(stream.task).slo
        return {"ttft_s": usual.ttft_s, "tpot_s": usual.tpot_s, "e2e_s": usual.e2e_s}

    def met(self, request):
        """Whether it was completed within all objectives that are set; one token has no TPOT to miss."""
        if request["state"] != "completed":
            return False
        times = self.times(request)
        limits = {name: limit for name, limit in self.objectives(request).items() if limit is not None}
        return all(times[name] is None or times[name] <= limit for name, limit in limits.items())
