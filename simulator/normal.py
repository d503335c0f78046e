"""The normal distribution's quantile, on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied
# Statistics 37 (1988) 477-484, routine PPND16: relative accuracy about 1e-16. Highest power first.
CENTRE_A = (
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
)  # fmt: skip
CENTRE_B = (
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0,
)  # fmt: skip
MIDDLE_C = (
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
    3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
)  # fmt: skip
MIDDLE_D = (
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0,
)  # fmt: skip
TAIL_E = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
)  # fmt: skip
TAIL_F = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0,
)  # fmt: skip
CENTRE_HALF_WIDTH = 0.425
TAIL_START = 5.0
LEAST = float(np.finfo(np.float64).tiny)
GREATEST = 1.0 - 2.0**-53


def _ratio(x: NDArray[np.float64], top: tuple[float, ...], bottom: tuple[float, ...]) -> NDArray[np.float64]:
    """Quotient of two polynomials (highest power first) at x."""
    return np.asarray(np.polyval(top, x) / np.polyval(bottom, x))


def _outer(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Absolute quantile for probabilities (0, 0.075] from either end."""
    r = np.sqrt(-np.log(probability))
    near = _ratio(r - 1.6, MIDDLE_C, MIDDLE_D)
    far = _ratio(r - TAIL_START, TAIL_E, TAIL_F)
    return np.where(r <= TAIL_START, near, far)


def normal_quantile(probability: ArrayLike) -> NDArray[np.float64]:
    """The standard normal's quantile of each probability, by Wichura's AS 241.

    0 and 1 are taken as the nearest numbers inside: the result is always finite.
    """
    p = np.clip(np.asarray(probability, dtype=np.float64), LEAST, GREATEST)
    q = p - 0.5
    centre = np.abs(q) <= CENTRE_HALF_WIDTH
    value = q * _ratio(CENTRE_HALF_WIDTH**2 - q * q, CENTRE_A, CENTRE_B)
    if centre.all():
        return np.asarray(value)
    tail = ~centre
    lower = np.minimum(p[tail], 1.0 - p[tail]) if p.ndim else np.minimum(p, 1.0 - p)[np.newaxis]
    outer = np.copysign(_outer(lower), q[tail] if p.ndim else q)
    value = np.atleast_1d(value)
    value[np.atleast_1d(tail)] = outer
    return value.reshape(p.shape)
