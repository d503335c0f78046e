"""What every attempt and every target's idle capacity costs, draws and emits, row by row."""

from __future__ import annotations

import math
from itertools import pairwise

from oracle.accountant.terms import Terms

IDLE_BUCKET_S = 900.0
JOULES_PER_WH = 3_600.0
AMOUNTS = ("api", "capacity", "energy", "egress", "own_wh", "estimate_wh", "user_wh", "gco2e", "user_gco2e")


def began(attempt):
    """Whether the target began work on it."""
    return not math.isnan(attempt["admitted_s"])


def is_billed(attempt):
    """Errors and refusals are free; what was cancelled after it began pays."""
    return began(attempt) and attempt["state"] != "failed"


class Bills:
    """The bills of one run: `attempt[i]` and `idle[target]` are maps of amounts."""

    def __init__(self, scenario, records):
        self.scenario, self.records = scenario, records
        self.from_s, self.to_s = scenario.warmup_s, scenario.duration_s
        self.window_s = self.to_s - self.from_s
        self.terms = {entry.name: Terms(scenario, entry) for entry in scenario.fleet}
        self.spans = {}
        for row in records.capacity:
            self.spans.setdefault(row["target"], []).append(row)
        self.mine = {name: [] for name in self.spans}
        for row in records.attempts:
            self.mine[row["target"]].append(row)
        self.scale = {name: self._unit_scale(name) for name in self.spans}
        self.attempt = [self._bill(row) for row in records.attempts]
        self.idle = {name: self._idle(name) for name in self.spans}

    def terms_of(self, target):
        """The terms of a target."""
        return self.terms[self.spans[target][0]["deployment"]]

    # -- attempts -----------------------------------------------------------------------------

    def used_s(self, attempt):
        """Seconds of a unit that an attempt used: attributed ones, or provisioned units' by tokens."""
        target = attempt["target"]
        asked_s = self._unit_seconds(attempt)
        return attempt["busy_s"] if asked_s is None else asked_s * self.scale[target]

    def _unit_seconds(self, attempt):
        """(prompt - cached + weight x output) / tokens per second of a unit; None for others."""
        bought = self.terms_of(attempt["target"]).throughput
        if bought is None:
            return None
        if not is_billed(attempt):
            return 0.0
        fresh = attempt["input_token_count"] - attempt["cached_token_count"]
        weighed = fresh + bought.output_weight * attempt["output_token_count"]
        return weighed / (bought.input_tokens_per_min_per_unit / 60.0)

    def _asked_unit_s(self, target):
        """Unit-seconds of what was admitted in the window."""
        rows = [row for row in self.mine[target] if began(row)]
        inside = [row for row in rows if self.from_s <= row["admitted_s"] < self.to_s]
        return math.fsum(self._unit_seconds(row) for row in inside)

    def _unit_scale(self, target):
        """Used units never exceed held ones: what a burst took beyond is scaled down."""
        if self.terms_of(target).throughput is None:
            return 1.0
        asked_s = self._asked_unit_s(target)
        return min(1.0, self.held_s(target) / asked_s) if asked_s else 1.0

    def _bill(self, attempt):
        """Dollars, watt-hours and grams of one attempt."""
        terms = self.terms_of(attempt["target"])
        drawn_wh = attempt["energy_j"] / JOULES_PER_WH * terms.pue
        estimate_wh = self._estimate_wh(terms, attempt)
        from_s = attempt["admitted_s"] if began(attempt) else attempt["finished_s"]
        span = (from_s, attempt["finished_s"])
        grams = (drawn_wh + estimate_wh) / 1_000.0 * terms.carbon.mean(*span)
        ours, theirs = (0.0, 1.0) if terms.user_side else (1.0, 0.0)
        return {
            "api": self._api_usd(terms, attempt),
            "capacity": self.used_s(attempt) * terms.unit_usd_per_s,
            "energy": drawn_wh / 1_000.0 * terms.tariff.mean(*span),
            "egress": attempt["output_token_count"] * terms.egress_usd_per_token(),
            "own_wh": ours * drawn_wh,
            "estimate_wh": estimate_wh,
            "user_wh": theirs * drawn_wh,
            "gco2e": ours * grams,
            "user_gco2e": theirs * grams,
        }

    def _estimate_wh(self, terms, attempt):
        """The catalog's estimate of what a provider draws for a billed call."""
        if terms.offer is None or not is_billed(attempt):
            return 0.0
        prompt_wh = attempt["input_token_count"] * terms.model.api_wh_per_input_token
        return prompt_wh + attempt["output_token_count"] * terms.model.api_wh_per_output_token

    def _api_usd(self, terms, attempt):
        """Tokens at their price, or the price of a request at an endpoint."""
        if not is_billed(attempt):
            return 0.0
        if terms.by_token:
            return terms.token_usd(attempt)
        endpoint = terms.deployment.endpoint
        return endpoint.usd_per_request if endpoint else 0.0

    def lost_share(self, attempt):
        """Share of an attempt's capacity and energy that served nobody."""
        if attempt["wasted"]:
            return 1.0
        return attempt["recomputed_s"] / attempt["busy_s"] if attempt["busy_s"] else 0.0

    def waste_usd(self, number):
        """Dollars of an attempt that served nobody."""
        attempt, bill = self.records.attempts[number], self.attempt[number]
        bought = bill["api"] + bill["egress"] if attempt["wasted"] else 0.0
        return bought + self.lost_share(attempt) * (bill["capacity"] + bill["energy"])

    def cost_usd(self, number):
        """All that an attempt cost."""
        bill = self.attempt[number]
        return bill["api"] + bill["capacity"] + bill["energy"] + bill["egress"]

    # -- capacity -----------------------------------------------------------------------------

    def held_s(self, target):
        """Unit-seconds held in the window; 0 of what nobody holds."""
        terms = self.terms_of(target)
        spans = self.spans[target] if terms.held else []
        return terms.units * math.fsum((row["to_s"] - row["from_s"]) * row["held"] for row in spans)

    def busy_s(self, target):
        """Unit-seconds of work in the window."""
        if self.terms_of(target).throughput is not None:
            return min(self._asked_unit_s(target), self.held_s(target))
        return math.fsum(row["busy_s"] for row in self.spans[target])

    def _idle(self, target):
        """What a target's capacity cost, drew and emitted while it did nothing."""
        terms, held_s = self.terms_of(target), self.held_s(target)
        idle_s = max(held_s - self.busy_s(target), 0.0)
        idle_wh = idle_s * terms.idle_w * terms.pue / JOULES_PER_WH
        weights = self._idle_weights(target)
        return {
            "capacity": idle_s * terms.unit_usd_per_s,
            "energy": idle_wh / 1_000.0 * weighted(terms.tariff, weights),
            "wh": idle_wh,
            "gco2e": idle_wh / 1_000.0 * weighted(terms.carbon, weights),
            "embodied": held_s * terms.embodied_gco2e_per_s(),
        }

    def _idle_weights(self, target):
        """Quarters of an hour of the window, each with its idle unit-seconds."""
        terms = self.terms_of(target)
        if not terms.held or (terms.tariff.constant and terms.carbon.constant):
            return [(self.from_s, self.to_s, 1.0)]
        count = math.ceil(self.window_s / IDLE_BUCKET_S)
        edges = [*(self.from_s + IDLE_BUCKET_S * place for place in range(count)), self.to_s]
        held = [0.0] * count
        for row in self.spans[target]:
            for place, share_s in spread(edges, row["from_s"], row["to_s"]):
                held[place] += terms.units * row["held"] * share_s
        for row in self.mine[target]:
            used_s = self.used_s(row)
            if used_s > 0.0 and began(row):
                length_s = max(row["finished_s"] - row["admitted_s"], 1e-9)
                for place, share_s in spread(edges, row["admitted_s"], row["finished_s"]):
                    held[place] -= used_s * share_s / length_s
        idle = [max(amount, 0.0) for amount in held]
        return [(*ends, amount) for ends, amount in zip(pairwise(edges), idle, strict=True)]


def spread(edges, from_s, to_s):
    """The places between edges that an interval touches, and seconds of it in each."""
    for place, (begin, end) in enumerate(pairwise(edges)):
        shared_s = min(end, to_s) - max(begin, from_s)
        if shared_s > 0.0:
            yield place, shared_s


def weighted(signal, weights):
    """A signal's mean over intervals of given weights; over their lengths where all weigh nothing."""
    if not any(weight for _a, _b, weight in weights):
        weights = [(a, b, b - a) for a, b, _weight in weights]
    total = math.fsum(weight for _a, _b, weight in weights)
    return math.fsum(signal.mean(a, b) * weight for a, b, weight in weights if weight) / total
