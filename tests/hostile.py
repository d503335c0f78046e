"""Seeded hostile calls, and what must hold while they come: the suite sends hundreds, the soak thousands."""

import gzip
import random
from collections import Counter
from dataclasses import dataclass, field

import grpc

from serving import SHORT, named_run
from simulator import load_scenario, shipped_scenarios
from wayfare.client import Client
from wayfare.convert.scenario import scenario_message
from wayfare.v1 import scenario_pb2
from wayfare.v1 import simulation_pb2 as pb

SERVICE = "/wayfare.v1.SimulationService/"
UNARY = ("CreateRun", "CreateComparison", "GetRun", "ListRuns", "CancelRun", "DeleteRun", "GetReport")
STREAMED = ("WatchRun", "StreamRequestRecords")
BY_RUN = ("GetRun", "CancelRun", "DeleteRun", "GetReport", "WatchRun", "StreamRequestRecords")
PATHS = (
    "/etc/passwd",
    "../../etc/passwd",
    "file:///etc/passwd",
    "uploads/../x",
    "/dev/zero",
    "evil.py:Policy",
    "grpc://example.test:1",
    "litellm:/etc/hosts",
    "\\\\host\\share",
    "~/.ssh/id_rsa",
    "a\0b",
    "%s%n",
    "x" * 10_000,
)
HEX, DIGITS = "0x" + "f" * 5_000, "9" * 5_000
NUMBERS = ("nan", "inf", "-1", "1e308", "1e-308", "0", "99999999999999999999", HEX, DIGITS)
BOMBS = (
    "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]",
    "[" * 10_000,
    "{a: " * 10_000,
    "- " * 10_000,
    "a: [" + "1, " * 50_000 + "1]",
    "\n".join(f"k{number}: {number}" for number in range(5_000)),
    "!!python/object/apply:os.system ['touch owned']",
    "\x00\x01\x02",
    "? " * 1_000,
    "a: '" + "x" * 500_000 + "'",
)
SETTINGS = (
    "duration",
    "seed",
    "warmup",
    "start",
    "name",
    "fleet.0.replicas",
    "router.policy",
    "quality.outcomes",
    "workload.streams.0.arrivals.rate",
    "workload.streams.0.arrivals.file",
    "catalog.edition",
    "signals.carbon_intensity.us-virginia",
    "telemetry.step",
    "catalog.overrides.models.x",
    "a.b.c.d",
)
FINE = (
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.DEADLINE_EXCEEDED,
)
PATIENCE_S = 20.0


@dataclass
class Outcome:
    """What became of hostile calls: answers by status, runs accepted on the way, what went wrong."""

    statuses: Counter = field(default_factory=Counter)
    accepted: list = field(default_factory=list)
    wrong: list = field(default_factory=list)


class Attacker:
    """Draws hostile calls; the same seed draws the same. It knows ids that are not its own."""

    def __init__(self, seed, foreign_run, foreign_trace):
        self._rng = random.Random(seed)  # noqa: S311  (chance, not secrets)
        self._foreign_run, self._foreign_trace = foreign_run, foreign_trace
        typed = (load_scenario(name).settings for name in shipped_scenarios())
        self._typed = [scenario_message(settings) for settings in typed]
        drawn = (self.noise, self.mutant, self.bomb, self.path, self.number, self.deep, self.huge)
        self._kinds = (*drawn, self.stranger, self.listing, self.upload, self.foreign)

    def call(self):
        """The next call: method and bytes, or pieces of an upload."""
        return self._rng.choice(self._kinds)()

    def noise(self):
        """Random bytes to any method."""
        return self._rng.choice((*UNARY, *STREAMED)), self._rng.randbytes(self._rng.randrange(200))

    def mutant(self):
        """A valid request with bytes changed, cut and doubled."""
        data = bytearray(pb.CreateRunRequest(scenario=self._rng.choice(self._typed)).SerializeToString())
        for _ in range(self._rng.randrange(1, 20)):
            place = self._rng.randrange(len(data))
            change = self._rng.randrange(3)
            if change == 0:
                data[place] = self._rng.randrange(256)
            elif change == 1:
                del data[place : place + self._rng.randrange(10)]
            else:
                data[place:place] = data[place : place + self._rng.randrange(50)]
            data = data or bytearray(b"x")
        return "CreateRun", bytes(data)

    def bomb(self):
        """A text that a careless reader would choke on."""
        return self.creation(pb.CreateRunRequest(scenario_yaml=self._rng.choice(BOMBS)))

    def path(self):
        """A path, an address or code where some text stands in a typed scenario."""
        message = pb.CreateRunRequest()
        message.scenario.CopyFrom(self._rng.choice(self._typed))
        holders = [message.scenario, *message.scenario.fleet, *message.scenario.workload.streams]
        holder = self._rng.choice([one for one in holders if texts(one)])
        setattr(holder, self._rng.choice(texts(holder)), self._rng.choice(PATHS))
        return self.creation(message)

    def number(self):
        """A number or path that nobody can mean, laid over a shipped scenario."""
        value = self._rng.choice(NUMBERS + PATHS[:5])
        settings = [f"{self._rng.choice(SETTINGS)}={value}" for _ in range(self._rng.randrange(1, 4))]
        return self.creation(named_run("frontier-only", settings=settings))

    def deep(self):
        """Free data nested deeper than anybody reads, laid over a typed scenario."""
        data = b""
        for _ in range(self._rng.choice((5, 20, 40, 1_000))):
            data = wrapped(1, wrapped(1, b"x") + wrapped(2, wrapped(5, data)))
        scenario = scenario_pb2.ScenarioSettings.DESCRIPTOR.fields_by_name
        router = scenario["router"].message_type.fields_by_name
        inner = wrapped(scenario["router"].number, wrapped(router["parameters"].number, data))
        return "CreateRun", pb.CreateRunRequest(scenario=self._typed[0]).SerializeToString() + wrapped(
            1, inner
        )

    def huge(self):
        """A text of megabytes in a field that is short."""
        text = "x" * self._rng.choice((10_000, 1_000_000, 5_000_000))
        message = named_run("frontier-only", settings=SHORT)
        setattr(message, self._rng.choice(("scenario_name", "policy", "request_id")), text)
        return self.creation(message)

    def creation(self, message):
        """The request to a method that takes it."""
        if self._rng.random() < 0.2:
            compared = pb.CreateComparisonRequest(run=message, policies=["cascade"], replications=2)
            return "CreateComparison", compared.SerializeToString()
        return "CreateRun", message.SerializeToString()

    def stranger(self):
        """A run id that nobody has."""
        run_id = self._rng.choice(
            (*PATHS, self._foreign_run[:-1], self._foreign_run.upper(), "x" * 1_000_000)
        )
        return self._rng.choice(BY_RUN), pb.GetRunRequest(run_id=run_id).SerializeToString()

    def foreign(self):
        """Somebody else's run, or trace."""
        if self._rng.random() < 0.7:
            message = pb.GetRunRequest(run_id=self._foreign_run)
            return self._rng.choice(BY_RUN), message.SerializeToString()
        arrivals = f"{{pattern: trace, file: {self._foreign_trace}}}"
        settings = [f"workload.streams.0.arrivals={arrivals}"]
        return "CreateRun", named_run("frontier-only", settings=settings).SerializeToString()

    def listing(self):
        """A page that cannot be."""
        token = self._rng.choice(("-1", "9" * 30, "x", "1e5", "²", "0" * 5_000, ""))
        size = self._rng.choice((-1, 0, 2**62))
        labels = {str(number): "x" for number in range(self._rng.choice((0, 1, 500)))}
        message = pb.ListRunsRequest(page_size=size, page_token=token, labels=labels)
        message.states.append(self._rng.choice((0, 1, 99)))
        return "ListRuns", message.SerializeToString()

    def upload(self):
        """A trace that is noise, or a packed bomb."""
        data = self._rng.choice(
            (self._rng.randbytes(1_000), gzip.compress(bytes(5_000_000)), b"\x1f\x8b", b"")
        )
        return "UploadTrace", [pb.UploadTraceRequest(chunk=data).SerializeToString()]


def wrapped(number, data):
    """Bytes as the field of that number, as the wire has it."""
    size, left = bytearray(), len(data)
    while left > 0x7F:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([number << 3 | 2, *size, left]) + data


def texts(message):
    """Names of a message's plain text fields."""
    fields = message.DESCRIPTOR.fields
    return [one.name for one in fields if one.type == one.TYPE_STRING and not one.is_repeated]


def attack(address, token, attacker, count):
    """Sends calls one after the other, raw; runs that are accepted on the way are cancelled."""
    outcome = Outcome()
    metadata = (("authorization", f"Bearer {token}"),)
    with grpc.insecure_channel(address) as channel, Client(address, token=token) as client:
        for _ in range(count):
            method, data = attacker.call()
            code, text, answer = answered(channel, method, data, metadata)
            outcome.statuses[code.name] += 1
            if code not in FINE:
                outcome.wrong.append((method, code.name, text[:200]))
            if code is grpc.StatusCode.OK and method in ("CreateRun", "CreateComparison"):
                run = pb.Run.FromString(answer)
                outcome.accepted.append(run.run_id)
                client.cancel(run.run_id)
    return outcome


def answered(channel, method, data, metadata):
    """Status, text and answer of one raw call."""
    opened = {"UploadTrace": channel.stream_unary, **dict.fromkeys(STREAMED, channel.unary_stream)}
    call = opened.get(method, channel.unary_unary)(SERVICE + method)
    sent = iter(data) if method == "UploadTrace" else data
    try:
        found = call(sent, metadata=metadata, timeout=PATIENCE_S)
        answer = b"".join(found) if method in STREAMED else found
    except grpc.RpcError as error:
        return error.code(), error.details() or "", b""
    return grpc.StatusCode.OK, "", answer
