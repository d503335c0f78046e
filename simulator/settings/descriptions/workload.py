"""Keys of `workload`."""

from __future__ import annotations

SPREAD = {
    "fixed": "The same number each time; a bare number means this. Example: 300.",
    "median": "Median of a lognormal spread; goes with p95. Example: {median: 300, p95: 2000}.",
    "p95": "95th percentile of a lognormal spread, not below the median; goes with median. "
    "Example: {median: 300, p95: 2000}.",
    "mean": "Mean of a Gamma spread; goes with cv. Example: {mean: 400, cv: 0.5}.",
    "cv": "Coefficient of variation of a Gamma spread: standard deviation over mean; goes with mean. "
    "Example: {mean: 400, cv: 0.5}.",
    "exponential": "Mean of an exponential spread. Example: {exponential: 30s}.",
    "uniform": "Least and greatest value, all between them equally likely. Example: {uniform: [100, 900]}.",
    "quantiles": "Values by probability from 0 to 1, straight lines between; 0 and 1 must be there. "
    "Example: {quantiles: {0: 10, 0.5: 200, 1: 4000}}.",
    "values": "Values that are equally likely. Example: {values: [128, 512, 2048]}.",
    "mixture": "Other spreads, each drawn as often as its weight says. "
    "Example: {mixture: [{weight: 9, fixed: 100}, {weight: 1, median: 4000, p95: 20000}]}.",
}
WORKLOAD = {
    "WorkloadSettings": {
        "streams": "The streams of requests that are simulated together; at least one.",
    },
    "Stream": {
        "name": "The stream's own name, unique: letters, digits, dots, dashes, underscores. Example: chat.",
        "task": "Task class of the catalog (`wayfare catalog list tasks`); it gives lengths, difficulty "
        "and objectives that are left out here. "
        "Example: support_chat.",
        "region": "Region of the catalog in which the users are. Example: us-virginia.",
        "arrivals": "When requests arrive. Example: {pattern: steady, rate: 2/s}.",
        "input_tokens": "Prompt lengths; the task's where left out. Example: {median: 300, p95: 2000}.",
        "output_tokens": "Answer lengths, hidden reasoning included, served exactly whichever model answers "
        "(see length_effects); the task's where left out. "
        "Example: {median: 180, p95: 450}.",
        "max_output_tokens": "Most answer tokens a request allows; it cuts longer answers. Where left out "
        "the task's, which cuts no length that is stated or recorded. Example: 1024.",
        "length_effects": "Which answer lengths the model that answers changes, by its verbosity, by wrong "
        "answers and by hidden reasoning. task: those drawn from the task, as those stated here or recorded "
        "hold exactly; all: stated and recorded ones too, which then are a usual model's visible answers; "
        "none: no lengths. Example: none.",
        "difficulty": "How hard the requests are, logits; the task's where left out. "
        "Example: {mean: 0.5, sd: 1}.",
        "tenants": "Shares of the requests by tenant, any scale; one tenant named default where left "
        "out. "
        "Example: {free: 9, paid: 1}.",
        "slo": "Service level objectives (SLO) of the stream's own; the task's where left out. "
        "Example: {ttft: 500ms, e2e: 10s}.",
        "residency": "Regions that may process the requests; all where left out. Example: [eu-nordics].",
        "banned_tiers": "Tiers that must not serve the requests; none where left out. Example: [edge].",
        "capability_floor": "Least average success that a model must have on the task to answer. "
        "Example: 0.6.",
        "deferrable": "Whether the requests may wait for a batch; then only objectives stated here "
        "count. "
        "Example: true.",
        "defer_deadline": "How long after its arrival a router may hold a deferrable request back; it goes "
        "at once where left out. "
        "Example: 12h.",
        "client": "Timeout and retries of the clients; no timeout if omitted. Example: {timeout: 30s}.",
        "session": "Makes each arrival a conversation of several turns; not together with agent. "
        "Example: {turns: {uniform: [1, 6]}, think_time: {exponential: 30s}}.",
        "agent": "Makes each arrival an agent's task of several dependent calls; not together with "
        "session. "
        "Example: {calls: 6, tool_time: 2s, tool_output_tokens: 800}.",
        "devices": "Users' own devices that the stream's requests come from. Example: 500.",
        "priority": "Order in queues; the lower number is served first. Example: -10.",
    },
    "Difficulty": {
        "mean": "Mean difficulty: a model of ability 0 is right half of the time at 0. Example: 0.5.",
        "sd": "Standard deviation of the difficulty. Example: 1.2.",
    },
    "Objectives": {
        "ttft": "Most time to the first token. Example: 500ms.",
        "tpot": "Most time per further output token. Example: 50ms.",
        "e2e": "Most time from arrival to the whole answer. Example: 10s.",
    },
    "Client": {
        "timeout": "How long a client waits before it hangs up; for ever where left out. Example: 30s.",
        "retries": "Retries of a client after its timeout. Example: 2.",
        "backoff": "Pause before a client retries. Example: 1s.",
    },
    "Session": {
        "turns": "Turns of a conversation, at least 1 each. Example: {uniform: [1, 6]}.",
        "think_time": "Time between an answer and the next question. Example: {exponential: 30s}.",
        "history": "Whether prompts contain the turns before. Example: false.",
    },
    "Agent": {
        "calls": "Model calls of a task. Example: {uniform: [2, 9]}.",
        "tool_time": "Time that a tool takes between two calls. Example: {exponential: 2s}.",
        "tool_output_tokens": "Tokens that a tool adds to the context. Example: {median: 300, p95: 2000}.",
        "shared_difficulty": "Share of the difficulty's variance that the calls of a task have in "
        "common. "
        "Example: 0.7.",
        "success": "Which answers must be right for the task to succeed: the last one, or all. Example: all.",
    },
    "Spread": SPREAD,
    "Weighted": {**SPREAD, "weight": "How often this part is drawn, relative to the others. Example: 9."},
}
