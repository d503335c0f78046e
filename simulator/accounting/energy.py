"""What attempts draw and emit: joules of the batch times PUE; API estimates; grams by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.units import JOULES_PER_WH, WH_PER_KWH
from simulator.accounting.money import billed
from simulator.signals import means_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulator.accounting.attempts import Attempts
    from simulator.accounting.spans import AttributedWork
    from simulator.accounting.terms import BillingTerms

    Column = NDArray[np.float64]


def facility_wh(work: AttributedWork, target: NDArray[np.int32], terms: Sequence[BillingTerms]) -> Column:
    """Watt-hours each attempt's work drew at the meter: its joules of the batch times PUE."""
    pue = np.array([term.pue for term in terms])
    return work.energy_j / JOULES_PER_WH * pue[target]


def api_estimate_wh(attempts: Attempts, terms: Sequence[BillingTerms]) -> Column:
    """Estimated watt-hours behind billed API calls, by tokens; 0 for everything we run ourselves."""
    per_input = np.array([term.api_wh_per_input_token for term in terms])[attempts.target]
    per_output = np.array([term.api_wh_per_output_token for term in terms])[attempts.target]
    drawn = attempts.prompt * per_input + attempts.output * per_output
    return np.where(billed(attempts), drawn, 0.0)


def emissions_gco2e(
    from_s: Column, to_s: Column, target: NDArray[np.int32], terms: Sequence[BillingTerms], drawn_wh: Column
) -> Column:
    """Grams of CO2e of each attempt's watt-hours, at their place and drawn from `from_s` to `to_s`."""
    grams = np.zeros(len(target))
    for index, term in enumerate(terms):
        rows = (target == index) & (drawn_wh != 0.0)
        intensity = means_over(term.intensity_gco2e_per_kwh, from_s[rows], to_s[rows])
        grams[rows] = drawn_wh[rows] / WH_PER_KWH * intensity
    return grams


def user_side(attempts: Attempts, terms: Sequence[BillingTerms]) -> NDArray[np.bool_]:
    """Which attempts ran on the users' own devices."""
    return np.array([term.user_side for term in terms])[attempts.target]
