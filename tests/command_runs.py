"""Commands run in this process: their results, exit codes and errors in words."""

from __future__ import annotations

from click.testing import CliRunner, Result

from wayfare.cli import cli


def run(*arguments: object, code: int = 0) -> Result:
    """A command's result, with the exit code the process would have."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)
    found = 0 if result.exception is None else exit_of(result.exception)
    assert found == code, result.output + repr(result.exception)
    return result


def exit_of(error: BaseException) -> int:
    """The exit code of an error."""
    from wayfare.cli.exits import exit_code

    code = exit_code(error)
    if code is None:
        raise error
    return code


def error_text(result: Result) -> str:
    """What the error would say on stderr."""
    from wayfare.cli.exits import error_text as text_of

    return text_of(result.exception)
