"""Energy and carbon: where the joules and the grams of a run come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.board import Board, PanelRow, built, figures, run_variables, simulated_day
from dashboards.palette import BY_ENERGY, BY_TIER
from dashboards.panels import figure, lines
from dashboards.queries import Query, amount, per_hour, per_second, ratio
from dashboards.run_overview import AT_THE_METER, OPERATIONAL, RUN
from dashboards.units import (
    GRAMS_PER_HOUR,
    GRAMS_PER_KWH,
    GRAMS_PER_REQUEST,
    JOULES_PER_OUTPUT,
    LITRES_PER_HOUR,
    WH_PER_REQUEST,
)

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.stat import Panel as Figure
    from grafana_foundation_sdk.builders.timeseries import Panel as Lines
    from grafana_foundation_sdk.models.dashboard import Dashboard

JOULES = "wayfare_energy_joules_total"
GRAMS = "wayfare_emissions_grams_total"
LITRES = "wayfare_water_liters_total"
IDLE = ('component="idle"',)
ANSWERED = ('direction="output"',)
JOULES_PER_KWH = 3.6e6


def energy_and_carbon() -> Dashboard:
    """The dashboard of one run's energy and emissions."""
    return built(
        Board(
            uid="wayfare-energy-and-carbon",
            title="Wayfare / Energy and carbon",
            description="Watts, joules a token and grams of CO2e of one run, by tier, part and model.",
            variables=run_variables(),
            rows=rows(),
            shown=simulated_day(),
            annotated=f"sum by (kind, target) ({RUN.series('wayfare_faults_active')}) > 0",
        )
    )


def rows() -> list[PanelRow]:
    """Figures first, then energy, then carbon."""
    return [
        figures(energy(), idle_share(), energy_per_request(), joules_per_token()),
        figures(emissions(), emissions_per_request(), intensity(), embodied()),
        PanelRow(heading="Energy", panels=[power("tier", "tier"), power("component", "part")]),
        PanelRow(panels=[power("deployment", "deployment"), token_joules(), request_energy()]),
        PanelRow(heading="Carbon", panels=[carbon("tier", "tier"), carbon("component", "part")]),
        PanelRow(panels=[grid(), request_grams(), emitted()]),
        PanelRow(heading="Water", panels=[water("component", "part"), water("deployment", "deployment")]),
    ]


def now(expr: str) -> Query:
    """An expression at the end of the time shown."""
    return Query(expr=expr, instant=True)


def total_joules(*only: str) -> str:
    """Joules at the meter in the time shown."""
    return amount(RUN, JOULES, only=(*only, AT_THE_METER))


def total_grams() -> str:
    """Grams from the energy used in the time shown."""
    return amount(RUN, GRAMS, only=(OPERATIONAL,))


def energy() -> Figure:
    """Watt-hours at the meter."""
    text = "Energy at the meter, API calls estimated; the users' own devices are not included."
    return figure("Energy", "watth", text, now(f"{total_joules()} / 3600"), decimals=1)


def idle_share() -> Figure:
    """The part that idling drew."""
    text = "The part of the energy that capacity drew while it did nothing."
    return figure(
        "Drawn idling", "percentunit", text, now(ratio(total_joules(*IDLE), total_joules())), decimals=1
    )


def energy_per_request() -> Figure:
    """Watt-hours for a request."""
    each = ratio(total_joules(), amount(RUN, "wayfare_requests_total"))
    text = "Energy at the meter over all requests, idling included."
    return figure("Energy of a request", WH_PER_REQUEST, text, now(f"{each} / 3600"), decimals=1)


def joules_per_token() -> Figure:
    """Joules for a token of output."""
    each = ratio(total_joules(), amount(RUN, "wayfare_tokens_total", only=ANSWERED))
    text = "Energy at the meter over output tokens, idling included."
    return figure("Energy of an output token", JOULES_PER_OUTPUT, text, now(each), decimals=2)


def emissions() -> Figure:
    """Grams of CO2e."""
    text = "CO2e of the energy used, by the grid at its time and place."
    return figure("Emissions", "massg", text, now(total_grams()), decimals=1)


def emissions_per_request() -> Figure:
    """Grams for a request."""
    each = ratio(total_grams(), amount(RUN, "wayfare_requests_total"))
    return figure(
        "Emissions of a request", GRAMS_PER_REQUEST, "CO2e over all requests.", now(each), decimals=1
    )


def intensity() -> Figure:
    """Grams for each kilowatt-hour."""
    text = "Grams of CO2e for a kilowatt-hour, as the run used it: low where it used clean hours and places."
    each = ratio(f"{total_grams()} * {JOULES_PER_KWH:g}", total_joules())
    return figure("Carbon intensity of use", GRAMS_PER_KWH, text, now(each), decimals=0)


def embodied() -> Figure:
    """Grams from making the hardware."""
    text = "The share of making the hardware, by the time it was held; not included in the emissions."
    grams = amount(RUN, GRAMS, only=('component="embodied"',))
    return figure("Embodied carbon", "massg", text, now(grams), decimals=1)


def power(label: str, word: str) -> Lines:
    """Watts by a label."""
    expr = per_second(RUN, JOULES, label, only=(AT_THE_METER,))
    text = f"Joules each second at the meter, by {word}; api_estimate is the catalog's estimate of API calls."
    return lines(
        f"Power by {word}",
        "watt",
        text,
        Query(expr=expr, legend=f"{{{{{label}}}}}"),
        colours=BY_TIER | BY_ENERGY,
        stacked=True,
    )


def token_joules() -> Lines:
    """Joules for a token of output, by model."""
    tokens = per_second(RUN, "wayfare_tokens_total", "model", only=ANSWERED)
    each = ratio(per_second(RUN, JOULES, "model", only=(AT_THE_METER,)), f"({tokens} > 0)")
    text = "Energy at the meter over output tokens: dear while batches are small."
    return lines("Energy of an output token", JOULES_PER_OUTPUT, text, Query(expr=each, legend="{{model}}"))


def request_energy() -> Lines:
    """Watt-hours for a request, used and idle."""
    done = per_second(RUN, "wayfare_requests_total")
    joules = per_second(RUN, JOULES, "component", only=(AT_THE_METER,))
    each = f"{joules} / ignoring (component) group_left () {done} / 3600"
    return lines(
        "Energy of a request",
        WH_PER_REQUEST,
        "Energy at the meter over all requests of the time, by part.",
        Query(expr=each, legend="{{component}}"),
        colours=BY_ENERGY,
        stacked=True,
    )


def carbon(label: str, word: str) -> Lines:
    """Grams an hour by a label."""
    expr = per_hour(RUN, GRAMS, label, only=(OPERATIONAL,))
    return lines(
        f"Emissions by {word}",
        GRAMS_PER_HOUR,
        f"Grams of CO2e an hour from the energy used, by {word}.",
        Query(expr=expr, legend=f"{{{{{label}}}}}"),
        colours=BY_TIER | BY_ENERGY,
        stacked=True,
    )


def water(label: str, word: str) -> Lines:
    """Litres an hour by a label."""
    expr = per_hour(RUN, LITRES, label)
    text = f"Litres evaporated an hour, on site and where the electricity is made, by {word}."
    return lines(
        f"Water by {word}",
        LITRES_PER_HOUR,
        text,
        Query(expr=expr, legend=f"{{{{{label}}}}}"),
        stacked=True,
    )


def grid() -> Lines:
    """Grams for each kilowatt-hour over the day."""
    grams = per_second(RUN, GRAMS, "tier", only=(OPERATIONAL,))
    joules = per_second(RUN, JOULES, "tier", only=(AT_THE_METER,))
    each = ratio(f"{grams} * {JOULES_PER_KWH:g}", f"({joules} > 0)")
    text = "Grams of CO2e for a kilowatt-hour at the time, as each tier used it."
    return lines(
        "Carbon intensity of use", GRAMS_PER_KWH, text, Query(expr=each, legend="{{tier}}"), colours=BY_TIER
    )


def request_grams() -> Lines:
    """Grams for a request over the day."""
    each = ratio(per_second(RUN, GRAMS, only=(OPERATIONAL,)), per_second(RUN, "wayfare_requests_total"))
    text = "Grams of CO2e over the requests of the time."
    return lines("Emissions of a request", GRAMS_PER_REQUEST, text, Query(expr=each, legend="all tiers"))


def emitted() -> Lines:
    """Grams since the beginning of the time shown."""
    text = "Grams of CO2e since the beginning of the time shown; embodied carbon is not included."
    embodied_grams = amount(RUN, GRAMS, only=('component="embodied"',))
    return lines(
        "Emitted so far",
        "massg",
        text,
        Query(expr=total_grams(), legend="emissions"),
        Query(expr=embodied_grams, legend="embodied"),
        colours=BY_ENERGY,
    )
