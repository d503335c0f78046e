"""The command line: what it prints, writes and exits with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from command_runs import error_text, run
from router.pipeline.parts import describe_parts
from wayfare.cli import cli, main
from world_cases import CHAT, plain

ROOT = Path(__file__).resolve().parents[2]
OWN_POLICY = '''
from router import Decision


class First:
    """Sends everything to the first candidate."""

    def route(self, request, fleet, rng):
        return Decision.send(fleet.candidate_targets()[0].name, reason="first come")


class Breaks:
    """Never decides."""

    def route(self, request, fleet, rng):
        raise RuntimeError("out of ideas")
'''


def process(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own."""
    command = [sys.executable, "-m", "wayfare", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_help_names_every_command() -> None:
    """All commands of the contract that this version has are there."""
    text = run("--help").output
    for name in (
        "run",
        "compare",
        "policies",
        "catalog",
        "scenarios",
        "schema",
        "explain",
        "import",
        "trace",
        "export",
        "push",
    ):
        assert re.search(rf"^  {name} ", text, re.MULTILINE)


def test_json_stands_alone_on_stdout(file: Path) -> None:
    """`--json` prints the report object and nothing else."""
    done = process("run", file, "--json")
    report = json.loads(done.stdout)
    assert report["schema"] == "wayfare.report/1"
    assert report["requests"]["arrived"] > 50


def test_own_policies_run_from_a_file(file: Path, tmp_path: Path) -> None:
    """`path/to/file.py:Class` works as a policy; one that raises ends with 1, its name and trace."""
    path = tmp_path / "mine.py"
    path.write_text(OWN_POLICY, encoding="utf-8")
    assert "first come" in run("run", file, "--policy", f"{path}:First").output
    broken = run("run", file, "--policy", f"{path}:Breaks", code=1)
    text = error_text(broken)
    for expected in ("Breaks", "request 0", "out of ideas", "in route"):
        assert expected in text


def test_names_that_look_like_mark_up_are_printed_as_they_are(file: Path, tmp_path: Path) -> None:
    """`[red]` in a policy's name is no colour, a control character in a reason is written out."""
    path = tmp_path / "[red][" / "mine.py"
    path.parent.mkdir()
    reason = "[bold]first[/nothing] \\x1b[31mcome"
    path.write_text(OWN_POLICY.replace("first come", reason), encoding="utf-8")
    text = run("run", file, "--policy", f"{path}:First").output
    joined = "".join(text.split())
    assert f"{path}:First".replace(" ", "") in joined
    assert "[bold]first[/nothing]\\x1b[31mcome" in joined
    compared = run("compare", file, "--policy", f"{path}:First", "--replications", 2).output
    assert "[red][" in compared
    assert "\x1b" not in text + compared


def test_wrong_input_lists_every_fault_and_writes_nothing(file: Path, tmp_path: Path) -> None:
    """Exit 2, faults on stderr as file, path and what is allowed, an empty stdout, no output folder."""
    out = tmp_path / "out"
    settings = ("--set", "fleet.small.replicas=0", "--set", "colour=blue")
    done = process("run", file, "--json", "--out", out, *settings, code=2)
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{file}: ") for line in lines)
    assert not out.exists()


def test_wrong_usage_is_2() -> None:
    """Unknown options, policies, traces and entries are wrong usage."""
    run("run", "support-desk-diurnal", "--speed", "9", code=2)
    run("compare", "support-desk-diurnal", code=2)
    run("run", "support-desk-diurnal", "--policy", "cheap", code=2)
    run("policies", "cheap", code=2)
    run("catalog", "show", "abacus", code=2)
    run("trace", "inspect", "nowhere.csv", code=2)


def test_policies_show_their_contract_and_parameters() -> None:
    """The list marks baselines, a name shows parameters with defaults."""
    assert "oracle (baseline)" in run("policies").output
    text = run("policies", "cascade").output
    assert "false_accept_ratio" in text
    assert "source: FrugalGPT, arXiv 2305.05176" in text


def test_policies_name_their_sources_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide list has a column of sources, a narrow one has not; each name's own page has its source."""
    assert "simple-shuffle" not in run("policies").output
    assert "source:" not in run("policies", "static").output
    monkeypatch.setenv("COLUMNS", "200")
    row = next(line for line in run("policies").output.splitlines() if line.startswith("weighted_shuffle"))
    assert "LiteLLM's simple-shuffle" in row


def test_the_pipeline_shows_all_its_parts() -> None:
    """Each part with its knobs, and where the field has it."""
    text = run("policies", "pipeline").output
    assert all(f"\n{part.kind} {part.name}\n" in text for part in describe_parts())
    assert text.count("Source: ") == len(describe_parts()) + 1
    assert "temperature" in text


def test_catalog_commands_show_facts_with_sources() -> None:
    """list, show, check and diff."""
    assert "llama-3.1-8b" in run("catalog", "list", "models").output
    shown = run("catalog", "show", "h100").output
    assert "ML.ENERGY" in shown
    assert "[estimate]" in shown
    assert "no problems" in run("catalog", "check").output
    difference = run("catalog", "diff", "measured", "thesis").output
    assert "accelerators.gaudi3.tdp_w" in difference


def test_traces_are_inspected_and_imported(tmp_path: Path) -> None:
    """Statistics, and a conversion that counts what it leaves out."""
    source = tmp_path / "t.csv"
    source.write_text("when,in,out\n0,10,5\n1,12,7\n2,x,7\n", encoding="utf-8")
    roles = ("--column", "timestamp=when", "--column", "input_tokens=in", "--column", "output_tokens=out")
    statistics = json.loads(run("trace", "inspect", source, "--format", "csv", *roles, "--json").output)
    assert (statistics["row_count"], sum(statistics["dropped_row_count"].values())) == (3, 1)
    target = tmp_path / "t.wayfare.csv"
    result = run("trace", "import", source, "--format", "csv", *roles, "-o", target)
    assert "wrote 2 of 3 rows" in result.output
    assert target.read_text().splitlines()[0] == "arrival_s,input_tokens,output_tokens"


def test_inspecting_a_log_fits_a_terminal_and_says_what_to_write(tmp_path: Path) -> None:
    """Rows, times with their unit, what was left out, and the scenario's keys, within 80 columns."""
    source = tmp_path / "t.csv"
    rows = [f"{1_700_000_000_000 + 3_000 * n},{200 + n},20,{'ok' if n else 'error'}" for n in range(50)]
    source.write_text("when,in,out,how\n" + "\n".join(rows), encoding="utf-8")
    roles = [
        f"--column={role}"
        for role in ("timestamp=when", "input_tokens=in", "output_tokens=out", "status=how")
    ]
    shown = run("trace", "inspect", source, *roles).output
    for text in (
        "50 read, 50 used",
        "1 that failed in the log: sent again",
        "milliseconds, recognised, from 2023-11-14 22:13:20 UTC",
        "147 s (2 min)",
        "  start: 2023-11-14T22:13:20Z\n  duration: 148s",
        "columns: {timestamp: when,\n        input_tokens: in,\n",
    ):
        assert text in shown
    assert max(len(line.rstrip()) for line in shown.splitlines() if str(tmp_path) not in line) <= 80
    result = run("trace", "import", source, *roles, "--time-unit", "ms", "-o", tmp_path / "own.csv")
    assert "times: ms, stated" in result.output
    run("trace", "inspect", source, *roles, "--time-unit", "s", code=2)
    run("trace", "inspect", source, *roles, "--column", "status=how", code=2)


def test_trace_option_takes_the_place_of_the_recorded_file(tmp_path: Path) -> None:
    """`--trace` replaces the scenario's recording."""
    source = tmp_path / "t.csv"
    source.write_text("arrival_s,input_tokens,output_tokens\n0,10,5\n1,12,7\n", encoding="utf-8")
    report = json.loads(run("run", "azure-replay", "--trace", source, "--json").output)
    assert report["requests"]["arrived"] == 2


def test_recorded_answers_replace_the_quality_model(tmp_path: Path) -> None:
    """`--outcomes` makes every answer what the table says; a missing model is a fault."""
    path = tmp_path / "scenario.yaml"
    path.write_text(yaml.safe_dump(plain(workload={"streams": [CHAT]})), encoding="utf-8")
    table = tmp_path / "answers.csv"
    models = ("llama-3.1-8b", "gpt-6.1-sol")
    rows = [f"q{q},{m},{int(m == models[1])},{10 + q}" for q in range(20) for m in models]
    table.write_text("query,model,correct,output_tokens\n" + "\n".join(rows), encoding="utf-8")
    options = ("--policy", "cascade", "--replications", 1, "--outcomes", table, "--json")
    data = json.loads(run("compare", path, *options).output)
    quality = {report["policy"]: report["quality"]["success_ratio"] for report in data["reports"]}
    assert quality["always_strongest"] == 1.0
    assert quality["always_cheapest"] == 0.0
    table.write_text("query,model,correct,output_tokens\nq1,llama-3.1-8b,1,5\n", encoding="utf-8")
    assert "no answers of 'gpt-6.1-sol'" in error_text(run("compare", path, *options, code=2))


def test_interrupts_end_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends cleanly with its own code."""

    def interrupted(**_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


def test_help_comes_before_the_simulator_is_loaded() -> None:
    """Showing help imports nothing but the parser of commands, and lists every command there is."""
    heavy = ("numba", "numpy", "pydantic", "rich", "altair", "duckdb", "catalogs", "router", "simulator")
    code = "import sys; from wayfare.cli import cli; cli.main(['--help'], standalone_mode=False); "
    code += f"sys.exit(', '.join(name for name in {heavy} if name in sys.modules) or None)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    listed = re.findall(r"^  ([a-z-]+)  ", done.stdout.partition("Commands:")[2], re.MULTILINE)
    modules = {path.stem.replace("_", "-") for path in (ROOT / "wayfare" / "cli").glob("*.py")}
    assert set(listed) - {"import"} == modules - {  # Python has `import` for itself
        "--init--",
        "decisions",
        "exits",
        "gates",
        "import-config",
        "import-model",
        "options",
        "predictions",
        "series",
        "serving",
        "sweeps",
    }  # what they share
