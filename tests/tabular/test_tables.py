"""One reader for every dialect: the same table is the same however it was written, and faults are lines."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.tables import InvalidTableError, count_of, instant_ns, number, open_table, staging, texts
from simulator.tables import table as tables

NAMES = ("query", "the model", "output_tokens")
WORDS = st.text(
    st.one_of(
        st.characters(codec="utf-8", categories=("L", "N", "P", "S")),
        st.sampled_from(" ,;\t|\"'\n\u2028\u0085"),
    ),
    min_size=1,
    max_size=12,
).filter(lambda word: word == word.strip())
ROWS = st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=6)
PACKED = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "gzip in two members": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One way to write a table."""

    container: str
    delimiter: str = ","
    newline: str = "\n"
    quote_all: bool = False
    encoding: str = "utf-8"
    header_spaces: str = ""
    packing: str = "plain"

    def bytes_of(self, rows: list[tuple[str, ...]]) -> bytes:
        """The table, written so."""
        return PACKED[self.packing](self.text_of(rows).encode(self.encoding))

    def text_of(self, rows: list[tuple[str, ...]]) -> str:
        """The table's text."""
        objects = [dict(zip(NAMES, row, strict=True)) for row in rows]
        if self.container == "csv":
            return self.csv_of(rows)
        if self.container == "jsonl":
            return "".join(json.dumps(row, ensure_ascii=False) + self.newline for row in objects)
        if self.container == "array":
            return json.dumps(objects, ensure_ascii=False, indent=2)
        return json.dumps({"total": len(rows), "data": objects}, ensure_ascii=self.quote_all, indent=1)

    def csv_of(self, rows: list[tuple[str, ...]]) -> str:
        """The table as CSV."""
        text = io.StringIO()
        quoting = csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.newline, quoting=quoting)
        writer.writerow([f"{self.header_spaces}{name}{self.header_spaces}" for name in NAMES])
        writer.writerows(rows)
        return text.getvalue()


DIALECTS = st.builds(
    Dialect,
    container=st.sampled_from(["csv", "jsonl", "array", "document"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    quote_all=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    header_spaces=st.sampled_from(["", " "]),
    packing=st.sampled_from(list(PACKED)),
)


def rows_in(path: Path, names: tuple[str, ...] = NAMES) -> list[tuple[str, ...]]:
    """The rows of a file, as texts."""
    with open_table(path) as table:
        return [tuple(row.values()) for _number, row in table.records(names)]


def complaint(path: Path) -> str:
    """The one line that says what is wrong with a file."""
    with pytest.raises(InvalidTableError) as raised:
        rows_in(path, ("a", "b"))
    (fault,) = raised.value.problems
    assert "\n" not in str(fault)
    return str(fault)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, dialect=DIALECTS)
def test_a_table_is_the_same_in_every_dialect(
    tmp_path: Path, rows: list[tuple[str, ...]], dialect: Dialect
) -> None:
    """Delimiter, line ends, quoting, encoding, container and packing do not change what is read."""
    path = tmp_path / "no-name-tells"
    path.write_bytes(dialect.bytes_of(rows))
    assert rows_in(path) == rows


@pytest.mark.parametrize("packing", ["zstd", "parquet"])
def test_duckdbs_own_containers_are_read(tmp_path: Path, packing: str) -> None:
    """CSV packed by zstd, and Parquet with lists and structures, hold the same table."""
    path = tmp_path / "table.bin"
    form = "FORMAT csv, COMPRESSION zstd" if packing == "zstd" else "FORMAT parquet"
    query = (
        "SELECT 'a,\nb' AS q, 5 AS n, {'x': {'y': 7}} AS s, [1, 2] AS l UNION ALL SELECT 'c', 6, NULL, NULL"
    )
    duckdb.sql(f"COPY (SELECT * FROM ({query}) ORDER BY n) TO '{path}' ({form})")
    found = rows_in(path, ("q", "n"))
    assert found == [("a,\nb", "5"), ("c", "6")]
    if packing == "parquet":
        assert rows_in(path, ("s.x.y", "n")) == [("7", "5"), ("", "6")]


def test_a_cut_file_is_never_read_in_part(tmp_path: Path) -> None:
    """Every packing tells that its end is missing, zstd too."""
    path, whole = tmp_path / "cut", tmp_path / "whole"
    rows = "SELECT range AS a, hash(range) AS b FROM range(9000)"
    duckdb.sql(f"COPY ({rows}) TO '{whole}' (FORMAT csv, COMPRESSION zstd)")
    text = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * 7_919) for n in range(9_000))
    for packed in (whole.read_bytes(), *(PACKED[name](text) for name in ("gzip", "bzip2", "xz"))):
        for missing in (1, 3, len(packed) // 2):
            path.write_bytes(packed[:-missing])
            assert "damaged" in complaint(path)
    assert len(rows_in(whole, ("a", "b"))) == 9_000


def test_fields_inside_others_are_reached_by_dotted_path(tmp_path: Path) -> None:
    """Objects, objects that were written as text, and names that have dots themselves."""
    rows = [
        {"usage": {"n": 1}, "meta": json.dumps({"a": {"b": "x"}}), "p.q": 3},
        {"usage": None, "meta": "no JSON", "p": {"q": 4}},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert rows_in(path, ("usage.n", "meta.a.b", "p.q")) == [("1", "x", "3"), ("", "", "4")]
    written = tmp_path / "rows.csv"
    with written.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("meta", "k"), (rows[0]["meta"], 1), ("no JSON", 2)])
    assert rows_in(written, ("meta.a.b", "k")) == [("x", "1"), ("", "2")]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\t", "is empty"),
        (b"a,b\n1,2\na,\xff\xfe\n", "is not UTF-8 text"),
        (b"a,b\n1,2\n3,4,5\n", "row 3: has more fields than the header"),
        (b"a, b ,a\n1,2,3\n", "row 1: the column 'a' is given more than once"),
        (b'a,b\n1,"2\n3,4\n5,6\n', "row 2: opens a quote that nothing closes: the 2 lines after it"),
        (b'a,b\n1,"2\n3,"x"\n5,6\n', "row 2: opens a quote that nothing closes"),
        (b'a,b\n"1,2\n3,4\n', "row 2: opens a quote that nothing closes"),
        (b'{"a": 1, "b": 2, "a": 3}\n', "row 1: names a field twice"),
        (b'{"a": 1}\nno JSON\n', "row 2: not a JSON object"),
        (b"[1, 2", "is not JSON"),
        (b"PK\x03\x04" + bytes(30), "a ZIP archive"),
        (b"PAR1" + bytes(30), "cannot be read"),
        (gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-30], "is damaged"),
        (b"\x1f\x8b\x08\x00" + bytes(6) + b"\xff" * 40, "is damaged"),
        (b"BZh9" + bytes(40), "is damaged"),
        (b"\xfd7zXZ\x00" + bytes(40), "is damaged"),
        (b"\x28\xb5\x2f\xfd" + bytes(40), "damaged zstd"),
        (b"\xff\xfea\x00,\x00b", "cannot be read"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(tmp_path: Path, data: bytes, what: str) -> None:
    """Damage, binary files, repeated columns and rows that are none name the file and the row."""
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    said = complaint(path)
    assert said.startswith(f"{path}: ")
    assert what in said


def test_quotes_that_swallow_no_line_are_letters(tmp_path: Path) -> None:
    """An inch mark in a bare value, and a value of several lines whose quotes are closed, are read."""
    path = tmp_path / "x.csv"
    for data, rows in (
        (b'a,b\n5" pipe,2\n3,4\n', [('5" pipe', "2"), ("3", "4")]),
        (b'a,b\n5" pipe,2\n3,"4\n5"\n6,7\n', [('5" pipe', "2"), ("3", "4\n5"), ("6", "7")]),
        (b'a,b\n1,"2\n""3"\n', [("1", '2\n"3')]),
    ):
        path.write_bytes(data)
        assert rows_in(path, ("a", "b")) == rows


@pytest.mark.parametrize("name", ["nowhere.csv", ".", "nul\0byte"])
def test_files_that_cannot_be_opened_are_told_in_one_line(tmp_path: Path, name: str) -> None:
    """Missing files, folders and impossible names."""
    assert "cannot be read" in complaint(tmp_path / name)


def test_many_faults_are_counted_not_listed(tmp_path: Path) -> None:
    """Twenty rows are named; the rest is a number."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,2,3\n" * 1_234, encoding="utf-8")
    with pytest.raises(InvalidTableError) as raised:
        rows_in(path, ("a", "b"))
    assert len(raised.value.problems) == 21
    assert "and 1,214 more rows" in str(raised.value.problems[-1])


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: object) -> None:
    """What unpacks to more than the limit, or has more rows, is refused with the limit."""
    path = tmp_path / "bomb"
    path.write_bytes(pack(b"a,b\n" + b"1,2\n" * 100_000))
    monkeypatch.setattr(tables, "MOST_ROWS", 99_999)
    assert "more than 99,999 rows" in complaint(path)
    monkeypatch.setattr(staging, "MOST_TEXT_BYTES", 300_000)
    assert "more than 300,000 bytes" in complaint(path)


def test_names_are_names_not_patterns(tmp_path: Path) -> None:
    """`*` in a name is a letter, and no address is followed."""
    (tmp_path / "ab.csv").write_text("a,b\n9,9\n", encoding="utf-8")
    star = tmp_path / "a*.csv"
    star.write_text("a,b\n1,2\n", encoding="utf-8")
    assert rows_in(star, ("a", "b")) == [("1", "2")]
    with pytest.raises(InvalidTableError, match="cannot be read"):
        rows_in(Path("https://example.invalid/x.csv"))


def test_the_reader_can_open_nothing_else(tmp_path: Path) -> None:
    """Whatever SQL came in by a name, other files, settings and extensions stay shut."""
    path, other = tmp_path / "x.csv", tmp_path / "secret.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    other.write_text("a,b\n3,4\n", encoding="utf-8")
    for statement in (
        f"SELECT * FROM read_csv('{other}')",
        f"SELECT * FROM read_text('{other}')",
        f"COPY (SELECT 1) TO '{tmp_path / 'made'}'",
        f"ATTACH '{tmp_path / 'made.db'}'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(InvalidTableError), open_table(path) as table:
            table.connection.execute(statement)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["secret.csv", "x.csv"]


def test_quotes_in_names_of_files_and_fields_are_letters(tmp_path: Path) -> None:
    """A name that would end a text of SQL is a name."""
    path = tmp_path / "it's.json"
    names = ("it's", 'a"b', "x/y~z", "'; SELECT 1")
    path.write_text(json.dumps([dict.fromkeys(names, 5)]), encoding="utf-8")
    assert rows_in(path, names) == [("5",) * 4]


def test_pipes_are_read_once(tmp_path: Path) -> None:
    """A pipe is a file like others."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(b"a,b\n1,2\n"),))
    writer.start()
    assert rows_in(path, ("a", "b")) == [("1", "2")]
    writer.join()


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was unpacked is removed, whether it could be read or not."""
    monkeypatch.setattr(staging.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = tmp_path / "x"
    for data in (b"a,b\n1,2\n", b"a,b\n1,2,3\n"):
        path.write_bytes(gzip.compress(data))
        with suppress(InvalidTableError):
            rows_in(path, ("a", "b"))
        assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("text", ["50", "50.0", "5e1", " 50 ", "+50"])
def test_a_count_may_be_written_as_a_number(text: str) -> None:
    """Spreadsheets write 50.0."""
    assert count_of(text) == 50


@pytest.mark.parametrize(
    "text", ["", None, "²", "-1", "2.5", "nan", "inf", "1e400", "99999999999", "2147483648", "1,000", "0x10"]
)
def test_what_is_no_count_is_none(text: str | None) -> None:
    """Digits of other kinds, fractions, infinities and what 31 bits do not hold."""
    assert count_of(text) is None


def test_values_are_read_by_sql(tmp_path: Path) -> None:
    """Numbers, instants with and without a zone, and lists in either notation."""
    rows = [
        ("50.0", "2025-03-01T12:00:00+02:00", "[1, 2]"),
        ("5e1", "2025-03-01 10:00:00.123456789", "1 2"),
        ("x", "2025-03-01", "[1, {"),
        ("", "2025-03-01T10:00:00Z", ""),
    ]
    path = tmp_path / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("n", "t", "l"), *rows])
    with open_table(path) as table:
        n, t, listed = (table.field(name) for name in ("n", "t", "l"))
        found = table.fetch(
            {"n": number(n), "t": f"COALESCE({instant_ns(t)}, 0)", "l": f"LENGTH({texts(listed)})"}
        )
    ten_ns = 1_740_823_200_000_000_000
    assert found["row"].tolist() == [2, 3, 4, 5]
    assert [str(value) for value in found["n"]] == ["50.0", "50.0", "nan", "nan"]
    assert found["t"].tolist() == [ten_ns, ten_ns + 123_456_789, 0, ten_ns]
    assert [str(value) for value in found["l"]] == ["2.0", "2.0", "nan", "nan"]
