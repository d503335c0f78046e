"""What switching deployments within sessions cost, from records, the scenario's words and the catalog."""

from __future__ import annotations

import math


def carries_history(scenario, row):
    """Whether a request's prompt carries its session's earlier turns."""
    stream = next(entry for entry in scenario.streams if entry.name == row["stream"])
    if stream.agent is not None:
        return True
    if stream.session is not None:
        return stream.session.history
    return row["session"] >= 0 and stream.arrivals.pattern == "trace" and stream.arrivals.history


def cache_rule(scenario, terms):
    """Step, least tokens, seconds and whether kept when sent, of a deployment's prefix cache; or None."""
    api = terms.deployment.api
    if api is None:
        return None
    offer = scenario.catalog.offer(api.offer)
    rule = scenario.catalog.providers[offer.provider].prefix_cache
    if rule is None:
        return None
    return rule.step_tokens, offer.cache_minimum_tokens or rule.minimum_tokens, rule.lifetime_s


def cached_at(scenario, terms, at_s, held, most):
    """Tokens that the cache gives at an instant, of the latest prompt in `held`."""
    rule = cache_rule(scenario, terms)
    early = [one for one in held if one[0] <= at_s]
    if rule is None or not early or not terms.sells_cached(at_s):
        return 0
    step, least, lifetime_s = rule
    kept_s, prompt = max(early)
    found = min(prompt, most) // step * step
    return found if at_s - kept_s <= lifetime_s and found >= least else 0


def paid_usd(terms, attempt):
    """Dollars for an uncached token of the attempt's prompt."""
    if not terms.by_token:
        return 0.0
    fresh, _cached, write, _answer = terms.rates(attempt["admitted_s"])
    kept = attempt["cache_write_token_count"]
    open_tokens = attempt["input_token_count"] - attempt["cached_token_count"]
    paid = ((open_tokens - kept) * fresh + kept * write) / open_tokens / 1e6
    return paid * terms.length_factor(attempt)


def read_usd(terms, attempt):
    """Dollars for a cached token of such a prompt there."""
    if not terms.by_token:
        return 0.0
    return terms.rates(attempt["admitted_s"])[1] / 1e6 * terms.length_factor(attempt)


def cache_regret(scenario, records, bills, answers):
    """The block of the report; None where no session has an answered turn in the window."""
    chats, before = {}, {}
    for row in sorted(records.requests, key=lambda row: row["arrival_s"]):
        if row["session"] < 0 or not carries_history(scenario, row):
            continue
        prompt = row["input_token_count"]
        repeated = before.get(row["session"], 0)
        before[row["session"]] = prompt
        if row["state"] == "completed":
            chats.setdefault(row["session"], []).append((row, repeated if prompt >= repeated else 0))
    ours = {number for number, turns in chats.items() if any(inside(scenario, row) for row, _ in turns)}
    if not ours:
        return None
    found = [one for turns in chats.values() for one in of_chat(scenario, bills, answers, turns)]
    return {
        "sessions": len(ours),
        "switches": len(found),
        "switches_per_session": len(found) / len(ours),
        "tokens": sum(tokens for tokens, _usd in found),
        "usd": math.fsum(usd for _tokens, usd in found),
    }


def inside(scenario, row):
    """Whether a request counts."""
    return row["arrival_s"] >= scenario.warmup_s


def of_chat(scenario, bills, answers, turns):
    """Tokens and dollars of each switch of one conversation."""
    last, held = None, {}
    for row, repeated in turns:
        won = answers.winner(row)
        here, terms = won["deployment"], bills.terms_of(won["target"])
        if last is not None and here != last["deployment"] and inside(scenario, row):
            there, kept = bills.terms_of(last["target"]), held[last["target"]]
            most = min(repeated, won["input_token_count"])
            warm = cached_at(scenario, there, won["ready_s"], kept, most)
            tokens = max(warm - won["cached_token_count"], 0)
            yield tokens, tokens * (paid_usd(terms, won) - read_usd(there, won)) if tokens else 0.0
        batch = terms.deployment.api is not None and terms.deployment.api.plan == "batch"
        kept_s = won["ready_s"] if batch else row["final_s"]
        held.setdefault(won["target"], []).append((kept_s, won["input_token_count"]))
        last = won
