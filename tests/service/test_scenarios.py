"""What a scenario over the wire may name, and what checking it may cost."""

import asyncio
import copy
import sys
import time

import grpc
import pytest

from router.registry import BASELINES
from simulator import InvalidScenarioError, shipped_scenarios
from simulator.scenario.loading import plain_data
from wayfare.service.errors import RefusedError
from wayfare.service.intake import checker as checker_module
from wayfare.service.intake.checker import Checker
from wayfare.service.intake.checking import CheckRequest, InvalidScenario, OutOfMemory, answer
from wayfare.service.intake.scenarios import ScenarioIntake
from wayfare.v1 import simulation_pb2 as pb

CANARY = "/canary/never-to-be-opened"
OPENED = []


def note_opened(event, arguments):
    """An audit hook: paths that are opened and hosts that are called."""
    if event in ("open", "os.stat", "socket.connect", "import") and "canary" in str(arguments):
        OPENED.append((event, str(arguments)))


sys.addaudithook(note_opened)


def places(data, path=()):
    """Paths of all texts and keys in plain data."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        if isinstance(value, str):
            yield (*path, key)
        yield from places(value, (*path, key))


def replaced(data, path, value):
    """A copy of plain data with another value at a path."""
    made = copy.deepcopy(data)
    here = made
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return made


@pytest.mark.parametrize("name", shipped_scenarios())
@pytest.mark.parametrize("value", [CANARY, f"{CANARY}.py:Canary", f"grpc://{CANARY}", f"litellm:{CANARY}"])
def test_no_text_of_a_scenario_is_opened(tmp_path, name, value):
    """Whatever text of any shipped scenario names a file, code or address, nothing of it is touched."""
    data, _file = plain_data(name)
    intake = ScenarioIntake(uploads=tmp_path)
    OPENED.clear()
    for path in places(data):
        request = pb.CreateRunRequest(scenario_yaml=as_yaml(replaced(data, path, value)))
        try:
            intake.checked("a", request, ())
        except InvalidScenarioError as error:
            assert error.problems  # noqa: PT017  (texts that name nothing are taken as they are)
    assert OPENED == []


def as_yaml(data):
    """Plain data as a scenario's text."""
    import yaml

    return yaml.safe_dump(data)


@pytest.mark.parametrize(
    "setting",
    [
        f"quality.outcomes={CANARY}",
        f"signals.carbon_intensity.us-virginia={CANARY}",
        f"signals.electricity_price.us-virginia={CANARY}",
        f"catalog.edition={CANARY}",
        f"catalog.edition=../../{CANARY}",
        f"catalog.overrides.models.x={{file: {CANARY}}}",
        f"router.policy={CANARY}.py:Policy",
        f"router={{policy: static, parameters: {{file: {CANARY}}}}}",
        f"workload.streams.0.arrivals={{pattern: trace, file: {CANARY}}}",
        f"workload.streams.0.arrivals={{pattern: trace, file: uploads/../{CANARY}}}",
        f"workload.streams.0.session={{turns: {CANARY}, think_time: 1s}}",
    ],
)
def test_settings_open_nothing(tmp_path, setting):
    """Every setting that could name a file is refused, and nothing is touched."""
    OPENED.clear()
    request = pb.CreateRunRequest(scenario_name="frontier-only", settings=[setting])
    with pytest.raises(InvalidScenarioError):
        ScenarioIntake(uploads=tmp_path).checked("a", request, ())
    assert OPENED == []


def test_the_hook_would_tell():
    """The hook that the other tests rest on hears of a file that is opened."""
    OPENED.clear()
    with pytest.raises(FileNotFoundError):
        open(CANARY)  # noqa: PTH123, SIM115  (what is watched)
    assert OPENED


def test_uploads_belong_to_their_tenant(tmp_path):
    """A trace is there for the tenant that sent it, and for nobody else."""
    trace = shipped_scenarios()["azure-replay"].parent / "traces" / "azure-shaped-sample.csv.gz"
    name = "0" * 32
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / name).write_bytes(trace.read_bytes())
    setting = f"workload.streams.0.arrivals.file=uploads/{name}"
    request = pb.CreateRunRequest(scenario_name="azure-replay", settings=[setting])
    intake = ScenarioIntake(uploads=tmp_path)
    assert intake.checked("red", request, ()).request_count > 0
    with pytest.raises(InvalidScenarioError, match="no trace"):
        intake.checked("blue", request, ())


def test_operators_may_allow(tmp_path):
    """Files in a folder that the operator opened are taken; their neighbours are not."""
    folder = tmp_path / "open"
    folder.mkdir()
    trace = shipped_scenarios()["azure-replay"].parent / "traces" / "azure-shaped-sample.csv.gz"
    (folder / "trace.csv.gz").write_bytes(trace.read_bytes())
    (tmp_path / "secret.csv.gz").write_bytes(trace.read_bytes())
    intake = ScenarioIntake(uploads=tmp_path / "uploads", files=folder)

    def checked(file):
        setting = f"workload.streams.0.arrivals.file={file}"
        return intake.checked("a", pb.CreateRunRequest(scenario_name="azure-replay", settings=[setting]), ())

    assert checked("trace.csv.gz").request_count > 0
    for outside in ("../secret.csv.gz", tmp_path / "secret.csv.gz", "absent.csv.gz"):
        with pytest.raises(InvalidScenarioError, match="no trace"):
            checked(outside)


def test_operators_may_allow_policies(tmp_path):
    """A policy that the operator named is taken over the wire; another file is not."""
    own = tmp_path / "own.py"
    own.write_text(
        "from router import Decision\n\n\nclass Own:\n    def route(self, request, fleet, rng):\n"
        "        return Decision(target=fleet.targets[0].name)\n"
    )
    intake = ScenarioIntake(uploads=tmp_path, policies=(f"{own}:Own",))
    allowed = pb.CreateRunRequest(scenario_name="frontier-only", settings=[f"router={{policy: '{own}:Own'}}"])
    assert intake.checked("a", allowed, ()).policy == f"{own}:Own"
    with pytest.raises(InvalidScenarioError, match="unknown policy"):
        ScenarioIntake(uploads=tmp_path).checked("a", allowed, ())


@pytest.mark.parametrize(
    ("name", "settings", "replications", "expected"),
    [
        ("frontier-only", ["duration=10m"], 0, 1.0),
        ("frontier-only", ["duration=20m"], 0, 2.0),
        ("frontier-only", ["duration=10m"], 3, 3.0 * (1 + len(BASELINES))),
    ],
)
def test_requests_are_counted_beforehand(tmp_path, name, settings, replications, expected):
    """The estimate grows with duration, policies, baselines and replications."""
    intake = ScenarioIntake(uploads=tmp_path)
    plain = intake.checked("a", pb.CreateRunRequest(scenario_name=name, settings=["duration=10m"]), ())
    policies = ("cascade",) if replications else ()
    request = pb.CreateRunRequest(scenario_name=name, settings=settings)
    found = intake.checked("a", request, policies, replications)
    assert found.request_count == plain.request_count * expected


@pytest.mark.parametrize("name", shipped_scenarios())
def test_estimates_hold(tmp_path, name):
    """What is estimated is what arrives, within the noise of its own arrivals."""
    from simulator import load_scenario, simulate

    settings = ["duration=4h", "warmup=0s"]
    found = ScenarioIntake(uploads=tmp_path).checked(
        "a", pb.CreateRunRequest(scenario_name=name, settings=settings), ()
    )
    arrived = simulate(load_scenario(name, overrides=settings)).report.to_dict()["requests"]["arrived"]
    assert 0.3 * arrived < found.request_count < 4.0 * arrived + 200


@pytest.mark.parametrize(
    "text",
    [
        "a: [" + "1, " * 300_000 + "1]",
        "seed: 0x" + "f" * 900_000,
        "seed: " + "9" * 900_000,
        "\n".join(f"k{number}: &a{number} 1" for number in range(50_000)),
        "[" * 900_000,
        "a: &a [1]\nb: *a",
        "duration: " + "1h" * 400_000,
    ],
    ids=["values", "hex", "digits", "anchors", "deep", "alias", "duration"],
)
def test_bombs_are_refused(tmp_path, text):
    """Texts that would take memory or time without end are faults like any other."""
    question = CheckRequest(
        tenant="a",
        request=pb.CreateRunRequest(scenario_yaml=text).SerializeToString(),
        policies=(),
        replications=0,
    )
    assert isinstance(answer(ScenarioIntake(uploads=tmp_path), question), InvalidScenario)


class Hungry(ScenarioIntake):
    """An intake that takes too much memory for some scenarios, and forever for others."""

    def checked(self, tenant, request, policies, replications=0):
        """Misbehaves by the scenario's name."""
        if request.scenario_name == "hungry":
            return bytearray(64 * 1024**3)
        while request.scenario_name == "endless":
            time.sleep(0.01)
        return super().checked(tenant, request, policies, replications)


def test_greedy_scenarios_are_refused_and_others_go_on(tmp_path):
    """Too much memory and too much time refuse the one scenario; the next is checked by a new process."""

    async def use():
        checker = Checker(Hungry(uploads=tmp_path), quick_s=5.0)
        codes = []
        for name in ("hungry", "endless"):
            with pytest.raises(RefusedError) as caught:
                await checker.checked("a", pb.CreateRunRequest(scenario_name=name), (), 0)
            codes.append(caught.value.code)
            fine = await checker.checked("a", pb.CreateRunRequest(scenario_name="frontier-only"), (), 0)
            assert fine.scenario == "frontier-only"
        checker.end()
        return codes

    assert asyncio.run(use()) == [grpc.StatusCode.RESOURCE_EXHAUSTED] * 2


def test_a_slow_tenant_holds_up_nobody_else(tmp_path):
    """While one tenant's scenarios take forever, another's are checked; its own wait behind each other."""

    async def use():
        checker = Checker(Hungry(uploads=tmp_path), quick_s=60.0)
        endless = pb.CreateRunRequest(scenario_name="endless")
        fine = pb.CreateRunRequest(scenario_name="frontier-only")
        slow = [asyncio.ensure_future(checker.checked("slow", endless, (), 0)) for _ in range(5)]
        own = asyncio.ensure_future(checker.checked("slow", fine, (), 0))
        others = [await checker.checked("quick", fine, (), 0) for _ in range(3)]
        assert [one.scenario for one in others] == ["frontier-only"] * 3
        assert not any(one.done() for one in (*slow, own))
        for one in (*slow, own):
            one.cancel()
        checker.end()

    asyncio.run(use())


def test_scenarios_that_wait_are_bounded(tmp_path, monkeypatch):
    """A tenant has so many scenarios waiting to be checked; one more is refused."""
    monkeypatch.setattr("wayfare.service.intake.checker.MOST_WAITING", 1)

    async def use():
        checker = Checker(Hungry(uploads=tmp_path), quick_s=60.0)
        waiting = asyncio.ensure_future(
            checker.checked("a", pb.CreateRunRequest(scenario_name="endless"), (), 0)
        )
        await asyncio.sleep(0)
        with pytest.raises(RefusedError, match="wait to be checked"):
            await checker.checked("a", pb.CreateRunRequest(scenario_name="frontier-only"), (), 0)
        waiting.cancel()
        checker.end()

    asyncio.run(use())


def test_memory_errors_ask_for_a_new_process(tmp_path):
    """Running out of memory is told apart from a broken scenario."""
    request = pb.CreateRunRequest(scenario_name="hungry").SerializeToString()
    question = CheckRequest(tenant="a", request=request, policies=(), replications=0)
    assert isinstance(answer(Hungry(uploads=tmp_path), question), OutOfMemory)


@pytest.mark.parametrize(
    "request_",
    [
        pb.CreateRunRequest(settings=["a=1"] * 1_001),
        pb.CreateRunRequest(labels={str(number): "" for number in range(65)}),
        pb.CreateRunRequest(labels={"x": "y" * 257}),
        pb.CreateRunRequest(request_id="x" * 257),
        pb.CreateRunRequest(scenario_yaml="x" * 1_000_001),
    ],
    ids=["settings", "labels", "label", "request_id", "text"],
)
def test_what_is_larger_than_needed_is_refused(request_):
    """Requests beyond any need are refused before they are read."""
    with pytest.raises(RefusedError, match="at most"):
        checker_module.demand_small(request_)
