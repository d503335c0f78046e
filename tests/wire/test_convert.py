"""Scenarios and reports through the wire's messages and back."""

import json

import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn_scenarios import parts
from simulator import compare, load_scenario, shipped_scenarios, simulate
from simulator.settings.document import ScenarioSettings
from wayfare.convert.proto_text import TARGET, scenario_proto
from wayfare.convert.report import comparison_data, comparison_message, report_data, report_message
from wayfare.convert.report_proto import TARGET as REPORT
from wayfare.convert.report_proto import report_proto
from wayfare.convert.scenario import scenario_data, scenario_message
from wayfare.v1 import report_pb2, scenario_pb2

SHORT = ("duration=20m",)
LEFT_OUT = ("additional", "intervals")
"""Free data and dotted paths, which have tests of their own."""
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)
SCALARS = {
    FieldDescriptor.CPPTYPE_STRING: st.text(max_size=5),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_DOUBLE: NUMBERS,
}
NAMES = st.sampled_from(["a", "b/c", "d.e", "ü", ""])


def drawn(descriptor, depth=0):
    """Messages of a report, any of their fields set."""
    fields = [one for one in descriptor.fields if one.name not in LEFT_OUT and depth < 4]
    parts = st.fixed_dictionaries({}, optional={one.name: part(one, depth) for one in fields})
    return parts.map(lambda data: message_factory.GetMessageClass(descriptor)(**data))


def part(field, depth):
    """Values of one field."""
    if field.message_type and field.message_type.GetOptions().map_entry:
        inner = field.message_type.fields_by_name["value"]
        return st.dictionaries(NAMES, part(inner, depth), max_size=2)
    one = drawn(field.message_type, depth + 1) if field.message_type else SCALARS[field.cpp_type]
    return st.lists(one, max_size=2) if field.is_repeated else one


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn(report_pb2.Report.DESCRIPTOR))
def test_any_report_comes_back(message):
    """A report with whatever figures, counts and breakdowns survives the wire to the last bit."""
    written = report_data(message)
    wire = report_message(written).SerializeToString()
    assert report_data(report_pb2.Report.FromString(wire)) == written


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts(ScenarioSettings))
def test_any_valid_scenario_comes_back(data):
    """A scenario with any of all keys set, serialised and read again, means exactly what was written."""
    written = ScenarioSettings.model_validate(data)
    wire = scenario_message(written).SerializeToString()
    read = scenario_pb2.ScenarioSettings.FromString(wire)
    assert ScenarioSettings.model_validate(scenario_data(read)) == written


@pytest.mark.parametrize("name", shipped_scenarios())
def test_shipped_scenarios_come_back(name):
    """Every shipped scenario survives the wire with its digest."""
    written = load_scenario(name)
    read = load_scenario(scenario_data(scenario_message(written.settings)))
    assert read.settings == written.settings
    assert read.digest == written.digest


@pytest.mark.parametrize("name", shipped_scenarios())
def test_reports_come_back(name):
    """A run's report survives the wire to the last bit."""
    report = simulate(load_scenario(name, overrides=SHORT)).report.to_dict()
    wire = report_message(report).SerializeToString()
    assert report_data(report_pb2.Report.FromString(wire)) == json.loads(json.dumps(report))


def test_a_comparison_comes_back():
    """A comparison with intervals and differences survives the wire."""
    scenario = load_scenario("frontier-only", overrides=SHORT)
    made = json.loads(json.dumps(compare(scenario, ["cascade"], replications=2).to_dict()))
    wire = comparison_message(made).SerializeToString()
    assert comparison_data(report_pb2.Comparison.FromString(wire)) == made


def test_figures_without_a_field_travel_along():
    """A figure that the contract does not know yet is carried, not lost."""
    report = {"schema": "s", "novel": {"figure": 1.5}, "intervals": {}}
    assert report_data(report_message(report))["novel"] == {"figure": 1.5}


def test_the_contract_follows_the_scenario():
    """scenario.proto holds every key of the scenario's models: run `make proto` when it does not."""
    text = TARGET.read_text(encoding="utf-8")
    assert scenario_proto(text) == text


def test_the_contract_follows_the_report():
    """report.proto holds every figure of the report's blocks: run `make proto` when it does not."""
    text = REPORT.read_text(encoding="utf-8")
    assert report_proto(text) == text


@pytest.mark.parametrize("name", shipped_scenarios())
def test_no_figure_of_a_report_lacks_a_field(name):
    """What exists in the JSON exists in the contract: nothing travels as `additional`."""
    message = report_message(simulate(load_scenario(name, overrides=SHORT)).report.to_dict())
    assert "additional" not in str(message)
