"""A run leaves the same files, whether the service or the command line ran it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from serving import SHORT, Service, named_run
from wayfare.cli import cli
from wayfare.client import Client
from wayfare.results.writing import read_parquet
from wayfare.v1 import simulation_pb2 as pb

SCENARIO, POLICY = "support-desk-diurnal", "cascade"
SERVICE_ONLY = {"digest", "windows.pb"}
"""What the service keeps for itself: that a run is whole, and its timeline as messages."""
FOR_PEOPLE = {"report.html"}


def run_by_command(folder, command="run", *options):
    """The folder that the command line writes."""
    settings = [text for one in SHORT for text in ("--set", one)]
    words = [command, SCENARIO, "--policy", POLICY, *settings, *options, "--quiet", "--out", str(folder)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The folder of a service that has made a run and a comparison, and their ids."""
    folder = tmp_path_factory.mktemp("store")
    with Service(folder) as made, Client(made.address) as client:
        run = client.create(named_run(SCENARIO, settings=SHORT, policy=POLICY))
        bare = named_run(SCENARIO, settings=SHORT)
        compared = client.compare(pb.CreateComparisonRequest(run=bare, policies=[POLICY], replications=2))
        for one in (run, compared):
            client.report(one.run_id)
    return folder / "runs" / run.run_id, folder / "runs" / compared.run_id


def names_in(folder):
    """Names of the files in a folder."""
    return {path.name for path in folder.iterdir() if path.is_file()}


def contents(path):
    """What a file says; wall time, which no two runs share, left out."""
    if path.suffix == ".parquet":
        return read_parquet(path)
    if path.suffix == ".npz":
        with np.load(path) as archive:
            return {name: archive[name].tobytes() for name in archive}
    return without_wall_time(json.loads(path.read_text()))


def without_wall_time(data):
    """Plain data without the keys that state wall time."""
    if isinstance(data, list):
        return [without_wall_time(one) for one in data]
    if not isinstance(data, dict):
        return data
    return {name: without_wall_time(value) for name, value in data.items() if "wall" not in name}


def assert_same_files(service, command):
    """Both folders hold the same files with the same contents."""
    assert names_in(service) - SERVICE_ONLY == names_in(command) - FOR_PEOPLE
    for name in names_in(command) - FOR_PEOPLE:
        np.testing.assert_equal(contents(service / name), contents(command / name), name)


def test_a_run_of_the_service_has_the_files_of_the_command_line(store, tmp_path):
    """Every record of a run is in the service's folder as well, attempts included."""
    run, _compared = store
    assert_same_files(run, run_by_command(tmp_path / "out"))
    assert read_parquet(run / "attempts.parquet")


def test_a_comparison_of_the_service_has_the_reports_of_the_command_line(store, tmp_path):
    """A comparison's reports are the same; the service keeps no policy's records beside them."""
    _run, compared = store
    assert_same_files(compared, run_by_command(tmp_path / "out", "compare", "--replications", "2"))
