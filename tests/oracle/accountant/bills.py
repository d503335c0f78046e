"""What every attempt and every target's idle capacity costs, draws and emits, row by row."""

from __future__ import annotations

import math
from itertools import pairwise

from oracle.accountant.terms import Terms

IDLE_BUCKET_S = 900.0
JOULES_PER_WH = 3_600.0


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

    def arrived(self, attempt):
        """Whether its request arrived in the window."""
        return self.records.asked[attempt["request"]]["arrival_s"] >= self.from_s

    def parts(self, attempt):
        """Seconds, joules and the span of an attempt's work before, in and after the window."""
        busy = [attempt["window_busy_s"], attempt["drain_busy_s"]]
        drawn = [attempt["window_energy_j"], attempt["drain_energy_j"]]
        edges = [-math.inf, self.from_s, self.to_s, math.inf]
        begin = attempt["admitted_s"] if began(attempt) else attempt["left_s"]
        spans = [(min(max(begin, a), b), min(max(attempt["left_s"], a), b)) for a, b in pairwise(edges)]
        if self._unit_seconds(attempt) is not None:
            busy = self._unit_parts(attempt)
        early = (attempt["busy_s"] - sum(busy), attempt["energy_j"] - sum(drawn))
        return list(zip([early[0], *busy], [early[1], *drawn], spans, strict=True))

    def _unit_parts(self, attempt):
        """Provisioned unit-seconds in and after the window, used at the instant of admission."""
        asked_s = self._unit_seconds(attempt)
        inside = self.from_s <= attempt["admitted_s"] < self.to_s
        scaled_s = asked_s * self.scale[attempt["target"]]
        return [scaled_s if inside else 0.0, asked_s if attempt["admitted_s"] >= self.to_s else 0.0]

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
        """Dollars, watt-hours and grams of one attempt: held machines by the clock, all else by request."""
        terms, before, within, after = self.terms_of(attempt["target"]), *self.parts(attempt)
        ours = self.arrived(attempt)
        counted = [within] if terms.held else [before, within, after] if ours else []
        worked = self._worked(terms, counted)
        estimate_wh = self._estimate_wh(terms, attempt) if ours else 0.0
        from_s = attempt["admitted_s"] if began(attempt) else attempt["left_s"]
        guessed = estimate_wh / 1_000.0 * terms.carbon.mean(from_s, attempt["left_s"])
        theirs = terms.user_side
        return {
            "api": self._api_usd(terms, attempt) if ours else 0.0,
            "capacity": worked["usd"],
            "energy": worked["energy_usd"],
            "egress": attempt["output_token_count"] * terms.egress_usd_per_token() if ours else 0.0,
            "own_wh": 0.0 if theirs else worked["wh"],
            "estimate_wh": estimate_wh,
            "user_wh": worked["wh"] if theirs else 0.0,
            "gco2e": 0.0 if theirs else worked["gco2e"] + guessed,
            "user_gco2e": worked["gco2e"] + guessed if theirs else 0.0,
            "drain": self._worked(terms, [after] if terms.held else []),
        }

    def _worked(self, terms, parts):
        """What parts of an attempt's work took of machines."""
        drawn = [(joules / JOULES_PER_WH * terms.pue, span) for _s, joules, span in parts if joules]
        return {
            "usd": math.fsum(busy_s for busy_s, _j, _span in parts) * terms.unit_usd_per_s,
            "wh": math.fsum(wh for wh, _span in drawn),
            "energy_usd": math.fsum(wh / 1_000.0 * terms.tariff.mean(*span) for wh, span in drawn),
            "gco2e": math.fsum(wh / 1_000.0 * terms.carbon.mean(*span) for wh, span in drawn),
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

    def is_processed(self, attempt):
        """Whether its tokens count: it began work, and a provider that sells tokens bills it."""
        sold = self.terms_of(attempt["target"]).offer is not None
        return is_billed(attempt) if sold else began(attempt)

    def lost_share(self, attempt):
        """Share of an attempt's counted capacity and energy that served nobody."""
        if self.is_lost(attempt):
            return 1.0
        held = self.terms_of(attempt["target"]).held
        again, all_s = ("window_recomputed_s", "window_busy_s") if held else ("recomputed_s", "busy_s")
        return min(attempt[again] / attempt[all_s], 1.0) if attempt[all_s] > 0.0 else 0.0

    def is_lost(self, attempt):
        """Whether nobody got its answer."""
        return attempt["wasted"] or self.records.asked[attempt["request"]]["state"] != "completed"

    def waste_usd(self, number):
        """Dollars of an attempt that served nobody."""
        attempt, bill = self.records.attempts[number], self.attempt[number]
        bought = bill["api"] + bill["egress"] if self.is_lost(attempt) else 0.0
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
            used_s, _joules, (begin_s, end_s) = self.parts(row)[1]
            if used_s > 0.0:
                for place, share_s in spread(edges, begin_s, end_s):
                    held[place] -= used_s * share_s / max(end_s - begin_s, 1e-9)
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
