"""The JSON Schema of scenario files, for editors and for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from simulator.settings.document import ScenarioSettings

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class DescribedSchema(GenerateJsonSchema):
    """Pydantic's schema with what every key means; the type's own words about units follow."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The schema of a part."""
        made = super().model_schema(schema)
        for name, text in descriptions_of(schema["cls"]).items():
            written: dict[str, Any] = made["properties"][name]
            about = written.get("description") or next_description(written)
            written["description"] = f"{text} Written as {about}." if about else text
        return made


def next_description(written: dict[str, Any]) -> str:
    """What a choice of types says about the first of them that says anything."""
    return next((str(one["description"]) for one in written.get("anyOf", ()) if "description" in one), "")


def descriptions_of(part: type) -> dict[str, str]:
    """What the keys of a part mean, those of the parts it is made from included."""
    from simulator.settings.descriptions import DESCRIPTIONS

    found: dict[str, str] = {}
    for base in reversed(part.__mro__):
        found |= DESCRIPTIONS.get(base.__name__.partition("[")[0], {})
    return found


def scenario_schema() -> dict[str, object]:
    """JSON Schema (2020-12) of the scenario file."""
    made = ScenarioSettings.model_json_schema(schema_generator=DescribedSchema)
    return {"$schema": DIALECT, **made, "title": "Wayfare scenario"}
