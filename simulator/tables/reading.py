"""The one place that speaks to DuckDB: a connection that can read one file and do nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from simulator.tables.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

LONGEST_LINE_BYTES: Final = 16 * 1024**2
MEMORY_LIMIT: Final = "4GB"
LINES_AT_ONCE: Final = 10_000
DUCKDB_ERRORS: Final = {
    "not utf-8": "is not UTF-8 text",
    "Invalid unicode": "is not UTF-8 text",
    "Maximum line size": f"has a row of more than {LONGEST_LINE_BYTES:,} bytes; is a quote left open?",
    "maximum_object_size": "has a JSON value that is too large",
    "Malformed JSON": "is not JSON",
    "zstd": "is damaged zstd",
    "ZSTD": "is damaged zstd",
    "Out of Memory": "does not fit into memory",
}
"""What DuckDB's messages mean, by a word of theirs."""


@contextmanager
def reader(source: Path, file: Path) -> Iterator[DuckDBPyConnection]:
    """A connection that may read the file: no other file, no network, no extension, no setting.

    Raises:
        InvalidTableError: DuckDB finds something wrong; named by `source`.
    """
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = {quoted(MEMORY_LIMIT)}")
        connection.execute(f"SET allowed_paths = [{quoted(str(file))}]")
        for setting in (
            "autoinstall_known_extensions",
            "autoload_known_extensions",
            "enable_external_access",
        ):
            connection.execute(f"SET {setting} = false")
        connection.execute("SET lock_configuration = true")
        try:
            yield connection
        except (duckdb.Error, UnicodeDecodeError) as error:
            refuse(source, "file", error_text(str(error), file))


def error_text(message: str, file: Path) -> str:
    """What a message of DuckDB's says about a file, in one line."""
    for word, what in DUCKDB_ERRORS.items():
        if word in message:
            return what
    first = message.partition("\n")[0].replace(str(file), "the file")
    return f"cannot be read: {first}"


def quoted(text: str) -> str:
    """The text as SQL's."""
    return "'" + text.replace("'", "''") + "'"


def csv_source(file: Path, delimiter: str, width: int) -> str:
    """SQL for a CSV file's rows as texts `c0` to `c<width>`, the header among them.

    A row has one column more than the header: what does not fit stands in it.
    """
    columns = ", ".join(f"c{number}: 'VARCHAR'" for number in range(width + 1))
    return (
        f"read_csv({quoted(str(file))}, header = false, auto_detect = false, parallel = false, "
        f"delim = {quoted(delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}}, "
        f"null_padding = true, strict_mode = false, max_line_size = {LONGEST_LINE_BYTES})"
    )


def json_source(file: Path, form: str) -> str:
    """SQL for a JSON file's values: `newline_delimited`, `array`, or `unstructured` (documents)."""
    forgiving = "true" if form == "newline_delimited" else "false"
    most = max(LONGEST_LINE_BYTES, file.stat().st_size + 1 if form == "unstructured" else 0)
    return (
        f"read_json_objects({quoted(str(file))}, format = {quoted(form)}, "
        f"ignore_errors = {forgiving}, maximum_object_size = {most})"
    )


def zstd_lines(source: Path, file: Path) -> Iterator[bytes]:
    """The lines of a text file that is packed by zstd, with their ends.

    Raises:
        InvalidTableError: it is damaged, or a line is too long.
    """
    lines = (
        f"SELECT line FROM read_csv({quoted(str(file))}, header = false, auto_detect = false, "
        f"delim = '\x01', quote = '', escape = '', columns = {{line: 'VARCHAR'}}, "
        f"compression = 'zstd', strict_mode = false, max_line_size = {LONGEST_LINE_BYTES})"
    )
    with reader(source, file) as connection:
        found = connection.execute(lines)
        while rows := found.fetchmany(LINES_AT_ONCE):
            yield "".join(f"{line or ''}\n" for (line,) in rows).encode()
