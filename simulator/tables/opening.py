"""From a staged file to a table: which container it is, and where its rows and fields are."""

from __future__ import annotations

import csv
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.tables.errors import refuse
from simulator.tables.expressions import first_of, inside, opened, pointer
from simulator.tables.quotes import demand_closed_quotes
from simulator.tables.reading import csv_source, json_source, quoted, reader
from simulator.tables.staging import staged
from simulator.tables.table import PROBLEM, ROW, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from simulator.tables.staging import StagedFile

VIEW: Final = "rows"
DELIMITERS: Final = ",;\t|"
TOO_WIDE: Final = "has more fields than the header"
NOT_JSON: Final = "not a JSON object"
TWICE: Final = "names a field twice"
WRAPPERS: Final = ("data", "logs", "rows", "results", "items", "records", "requests")
"""Fields under which an API hands out its rows."""
SAMPLED_VALUES: Final = 50
DEEPEST_NAME: Final = 3
NESTED_TYPES: Final = ("[]", "STRUCT", "MAP", "UNION")


@contextmanager
def open_table(path: str | Path) -> Iterator[Table]:
    """The table in a file: CSV, JSON lines, a JSON array or document, or Parquet, by its content.

    Raises:
        InvalidTableError: the file is missing, damaged, empty, too large, or no table.
    """
    with staged(Path(path)) as found, reader(found.source, found.file) as connection:
        if found.kind == "parquet":
            yield parquet_table(found, connection)
        elif first_character(found) in "{[":
            yield json_table(found, connection)
        else:
            yield csv_table(found, connection)


def first_character(found: StagedFile) -> str:
    """The first character that is no space."""
    with found.file.open(encoding="utf-8-sig", errors="replace") as text:
        for line in text:
            if line.strip():
                return line.strip()[0]
    return refuse(found.source, "file", "is empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedColumns:
    """Fields that are columns `c0`, `c1`, …; where a column's text is JSON, what is inside too."""

    names: tuple[str, ...]

    def field(self, path: str) -> str | None:
        """SQL for a column's text, or for a value inside it."""
        if path in self.names:
            return f"c{self.names.index(path)}"
        outer = [name for name in self.names if name and path.startswith(f"{name}.")]
        if not outer:
            return None
        name = max(outer, key=len)
        column = f"c{self.names.index(name)}"
        return inside(opened(column), path.removeprefix(f"{name}.").split("."))


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFields:
    """Fields of the object in column `object`; a name with dots is a name first, then a path."""

    names: tuple[str, ...]

    def field(self, path: str) -> str:
        """SQL for the text of the object's field."""
        literal = f"json_extract_string(object, {pointer(path)})"
        return first_of([literal, inside("object", path.split("."))]) if "." in path else literal


def csv_table(found: StagedFile, connection: DuckDBPyConnection) -> Table:
    """A CSV file with a header; delimited by commas, semicolons, tabs or bars."""
    delimiter, names = header_of(found)
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        refuse(found.source, "row 1", f"the column {', '.join(map(repr, repeated))} is given more than once")
    columns = ", ".join(f"c{place}" for place in range(len(names)))
    blank = " AND c0 IS NOT NULL" if len(names) == 1 else ""
    rows = f"SELECT row_number() OVER () AS {ROW}, * FROM {csv_source(found.file, delimiter, len(names))}"
    demand_closed_quotes(found, connection, rows, len(names))
    problem = f"CASE WHEN c{len(names)} IS NOT NULL THEN {quoted(TOO_WIDE)} END"
    connection.execute(
        f"CREATE TEMP VIEW {VIEW} AS SELECT {ROW}, {problem} AS {PROBLEM}, {columns} "
        f"FROM ({rows}) WHERE {ROW} > 1{blank}"
    )
    return made(found, "csv", connection, NamedColumns(names=names))


def header_of(found: StagedFile) -> tuple[str, tuple[str, ...]]:
    """The delimiter, and the names in the first row that is not blank."""
    try:
        with found.file.open(encoding="utf-8-sig", newline="") as text:
            first = next(line for line in text if line.strip())
            bare = re.sub(r'"[^"]*"', "", first)
            delimiter = max(DELIMITERS, key=bare.count)
            text.seek(0)
            rows = csv.reader(text, delimiter=delimiter, skipinitialspace=True)
            names = next(row for row in rows if any(field.strip() for field in row))
    except UnicodeDecodeError:
        refuse(found.source, "file", "is not UTF-8 text")
    except (csv.Error, StopIteration) as error:
        refuse(found.source, "row 1", f"is no CSV header: {error}")
    return delimiter, tuple(name.strip().removeprefix("\ufeff") for name in names)


def json_table(found: StagedFile, connection: DuckDBPyConnection) -> Table:
    """JSON lines, an array of objects, or a document with an array of objects in it."""
    form = json_form(found)
    values = f"SELECT json FROM {json_source(found.file, form)}"
    first = connection.execute(f"{values} LIMIT 1").fetchall()
    wrapper = wrapper_of(first[0][0] if first else None)
    if wrapper is not None:
        member = f"TRY_CAST(json_extract(json, {pointer(wrapper)}) AS JSON[])"
        values = f"SELECT UNNEST({member}) AS json FROM ({values})"
    keys = "json_keys(json)"
    problem = (
        f"CASE WHEN json IS NULL OR json_type(json) <> 'OBJECT' THEN {quoted(NOT_JSON)} "
        f"WHEN LENGTH({keys}) > list_unique({keys}) THEN {quoted(TWICE)} END"
    )
    connection.execute(
        f"CREATE TEMP VIEW {VIEW} AS SELECT row_number() OVER () AS {ROW}, {problem} AS {PROBLEM}, "
        f"json AS object FROM ({values})"
    )
    return made(found, "json", connection, JsonFields(names=sampled_names(connection)))


def json_form(found: StagedFile) -> str:
    """How the file holds its values: as an array, one a line, or one after the other."""
    with found.file.open(encoding="utf-8-sig", errors="replace") as text:
        first = next(line for line in text if line.strip()).strip()
    if first.startswith("["):
        return "array"
    try:
        json.loads(first)
    except (json.JSONDecodeError, RecursionError):
        return "unstructured" if is_document(found) else "newline_delimited"
    return "newline_delimited"


def is_document(found: StagedFile) -> bool:
    """Whether the whole file is JSON values one after the other, over as many lines as they take."""
    try:
        with reader(found.source, found.file) as connection:
            connection.execute(f"SELECT COUNT(json) FROM {json_source(found.file, 'unstructured')}")
    except ValueError:
        return False
    return True


def wrapper_of(value: str | None) -> str | None:
    """The field of a document under which its rows stand, None where the value is a row itself."""
    parsed = parsed_json(value)
    if not isinstance(parsed, dict):
        return None
    for name in WRAPPERS:
        inner = parsed.get(name)
        if isinstance(inner, list) and all(isinstance(entry, dict) for entry in inner):
            return name
    return None


def parsed_json(value: str | None) -> object:
    """The parsed text, None where it is not JSON."""
    try:
        return json.loads(value) if value is not None else None
    except (json.JSONDecodeError, RecursionError):
        return None


def sampled_names(connection: DuckDBPyConnection) -> tuple[str, ...]:
    """Fields of the first objects, in order; those inside others by dotted path."""
    query = f"SELECT object FROM {VIEW} WHERE {PROBLEM} IS NULL LIMIT {SAMPLED_VALUES}"
    rows = [parsed_json(value) for (value,) in connection.execute(query).fetchall()]
    return tuple(dict.fromkeys(name for row in rows for name in paths_of(row, "", 1)))


def paths_of(value: object, above: str, depth: int) -> Iterator[str]:
    """Dotted paths of an object's fields."""
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        yield f"{above}{name}"
        if depth < DEEPEST_NAME:
            yield from paths_of(inner, f"{above}{name}.", depth + 1)


def parquet_table(found: StagedFile, connection: DuckDBPyConnection) -> Table:
    """A Parquet file; lists and structures are read as JSON."""
    file = f"read_parquet({quoted(str(found.file))})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {file}").fetchall()
    texts = ", ".join(
        f"{cell_text(name, kind)} AS c{place}" for place, (name, kind, *_rest) in enumerate(described)
    )
    connection.execute(
        f"CREATE TEMP VIEW {VIEW} AS SELECT row_number() OVER () AS {ROW}, "
        f"CAST(NULL AS VARCHAR) AS {PROBLEM}, {texts} FROM {file}"
    )
    names = tuple(str(name).strip() for name, *_rest in described)
    return made(found, "parquet", connection, NamedColumns(names=names))


def cell_text(name: str, kind: str) -> str:
    """SQL for a cell's text."""
    column = '"' + name.replace('"', '""') + '"'
    if any(word in kind for word in NESTED_TYPES):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"


def made(
    found: StagedFile, container: str, connection: DuckDBPyConnection, fields: NamedColumns | JsonFields
) -> Table:
    """The table whose view stands."""
    return Table(
        source=found.source,
        container=container,  # type: ignore[arg-type]  # one of the containers
        connection=connection,
        view=VIEW,
        fields=fields,
    )
