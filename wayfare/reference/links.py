"""Where more is said about the parts of a scenario."""

from __future__ import annotations

from typing import Final

MORE: Final = {
    "Spread": "A distribution of positive numbers, stated in exactly one way; a bare number means `fixed`."
    " Keys that go together make one way: `median` and `p95`, `mean` and `cv`.",
    "Weighted": "A spread within a mixture.",
    "CatalogSettings": "Worked examples: [own prices](../how-to/own-prices.md),"
    " [own model](../how-to/own-model.md), [own GPU](../how-to/own-gpu.md).",
    "TraceArrivals": "Formats, units and gateways' logs:"
    " [bring your traffic](../how-to/bring-your-traffic.md).",
    "Agent": "A worked example: [route agents](../how-to/route-agents.md).",
    "Api": "The plans compared: [choose a price plan](../how-to/choose-a-price-plan.md).",
    "RouterSettings": "Policies and what each does: [routing](../methodology/routing.md);"
    " [a policy in steps](../how-to/steps-policy.md).",
    "Autoscaling": "How it decides: [autoscaling](../methodology/autoscaling.md).",
    "Pricing": "What owners pay, by formula: [accounting](../methodology/accounting.md).",
    "DeviceSettings": "Heat, batteries and times off: [edge](../methodology/edge.md).",
    "EngineSettings": "What a profile holds: [serving](../methodology/serving.md).",
    "QualitySettings": "How answers come to be right: [quality](../methodology/quality.md).",
}
"""What a part's own words do not say: where more is found."""
SUMMARISED_PLACES: Final = {"Weighted": "In `mixture` of a [spread](#spread)."}
"""Places that would be listed many times."""
