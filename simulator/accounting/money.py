"""What attempts cost: tokens by date, used capacity, metered energy, egress. Formulas:
docs/methodology/accounting.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import WH_PER_KWH
from simulator.kernel.codes import Ending
from simulator.signals import means_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.spans import AttributedWork
    from simulator.accounting.terms import BillingTerms, TokenRates

    Column = NDArray[np.float64]


def billed(attempts: Attempts) -> NDArray[np.bool_]:
    """Which attempts an API bills: completed, cancelled and unfinished ones that began.

    Errors and refusals are free; a call given up after it began is billed its input and the
    tokens generated so far.
    """
    began = ~np.isnan(attempts.admitted_s)
    return began & (attempts.ending != Ending.FAILED)


def processed(attempts: Attempts, terms: Sequence[BillingTerms]) -> NDArray[np.bool_]:
    """Which attempts' tokens count: those that began work; of a provider's only those it bills.

    Refused calls and calls that never left a line processed nothing; a provider's errors are free.
    """
    bills = np.array([term.rates is not None or term.provisioned is not None for term in terms])
    began = ~np.isnan(attempts.admitted_s)
    return np.where(bills[attempts.target], billed(attempts), began)


def token_usd(attempts: Attempts, rows: NDArray[np.bool_], rates: TokenRates) -> Column:
    """USD of the selected attempts' tokens at the prices of the instant they were admitted."""
    prompt = attempts.prompt[rows].astype(np.float64)
    window = np.searchsorted(rates.from_s, attempts.admitted_s[rows], side="right") - 1
    window = np.maximum(window, 0)
    long_prompt = prompt > rates.long_prompt_tokens[window]
    input_factor = np.where(long_prompt, rates.long_input_factor[window], 1.0)
    output_factor = np.where(long_prompt, rates.long_output_factor[window], 1.0)
    cached, written = attempts.cached[rows], attempts.cache_written[rows]
    given_usd = (prompt - cached - written) * rates.input_usd[window]
    given_usd += cached * rates.cached_input_usd[window] + written * rates.cache_write_usd[window]
    answer_usd = attempts.output[rows] * rates.output_usd[window]
    return given_usd * input_factor + answer_usd * output_factor


def api_usd(attempts: Attempts, terms: Sequence[BillingTerms]) -> Column:
    """USD each attempt is billed by an API or per-request endpoint; 0 elsewhere."""
    cost = np.zeros(len(attempts))
    bill = billed(attempts)
    for target, term in enumerate(terms):
        rows = bill & (attempts.target == target)
        if term.rates is not None:
            cost[rows] = token_usd(attempts, rows, term.rates)
        cost[rows] += term.usd_per_request
    return cost


def capacity_usd(work: AttributedWork, target: NDArray[np.int32], terms: Sequence[BillingTerms]) -> Column:
    """USD of the capacity that each attempt's work used: its attributed seconds at the queue's rate."""
    rate = np.array([term.capacity_usd_per_s for term in terms])
    return work.busy_s * rate[target]


def energy_usd(
    work: AttributedWork, target: NDArray[np.int32], terms: Sequence[BillingTerms], facility_wh: Column
) -> Column:
    """USD of metered electricity, at the mean tariff of each attempt's work."""
    cost = np.zeros(len(target))
    for index, term in enumerate(terms):
        rows = (target == index) & (facility_wh != 0.0)
        tariff = means_over(term.meter_usd_per_kwh, work.from_s[rows], work.to_s[rows])
        cost[rows] = facility_wh[rows] / WH_PER_KWH * tariff
    return cost


def egress_usd(attempts: Attempts, terms: Sequence[BillingTerms]) -> Column:
    """USD of sending answers out of the provider's network."""
    rate = np.array([term.egress_usd_per_token for term in terms])
    return attempts.output * rate[attempts.target]
