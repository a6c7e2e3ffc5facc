"""How a command ends badly: one sentence with a remedy, an exit code, never a traceback."""

import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from woosync import errors, settings

#: Typer shows no more of its usage errors than this one kind.
USAGE = typer.BadParameter.__mro__[1]
#: As the shell says it of a program that SIGPIPE ended.
UNREAD = 141
REMEDY_OS = "See that the disk has room and that the files are yours, then run it again."


class StoppedError(errors.WoosyncError):
    """A person or the system stopped the command."""

    exit_code = 130


class MachineError(errors.WoosyncError):
    """This machine refused something: no room, no permission."""

    exit_code = 74


class OutputError(MachineError):
    """Standard output takes no more."""

    exit_code = 73


class UsageError(errors.RefusedError):
    """The command line cannot be understood."""

    exit_code = 2


class AbortedError(errors.RefusedError):
    """A question was not answered with yes."""

    exit_code = 1


class DefectError(errors.WoosyncError):
    """Something that should not happen did."""

    exit_code = 70


def here() -> Path:
    """Return the working folder; raises MachineError if it was deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise MachineError(
            "The folder that this command was started in is gone.",
            remedy="Go to a folder that is there (`cd`), then run it again.",
        ) from error


def version() -> str:
    """Return the version of this program."""
    import importlib.metadata  # noqa: PLC0415 - costs start-up time, and is rarely needed

    return importlib.metadata.version("woosync")


def stopped() -> StoppedError:
    """Say that the command was stopped."""
    return StoppedError(
        "Stopped.", remedy="Nothing is lost: the next run goes on where this one stopped."
    )


def understood(error: BaseException) -> errors.WoosyncError:
    """Return our error for any exception; what nobody foresaw is a defect and is written down."""
    if isinstance(error, BaseExceptionGroup):
        leaves = _leaves(error)
        if all(isinstance(leaf, errors.WoosyncError) for leaf in leaves):
            return understood(leaves[0])
    if isinstance(error, errors.WoosyncError):
        return error
    if isinstance(error, USAGE):
        return _misused(error)
    if isinstance(error, typer.Abort):
        return AbortedError("Nothing was done.", remedy="Answer with yes, or give --yes.")
    return _understood_machine(error) or _defect(error)


def _understood_machine(error: BaseException) -> MachineError | None:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _machine("The disk is full", error)
    if isinstance(error, PermissionError | FileNotFoundError | NotADirectoryError):
        return _machine(error.strerror or "No access", error)
    return None


def check_arguments(arguments: Iterable[str]) -> None:
    """Refuse arguments that are not text: no store, file or database could be asked for them."""
    try:
        for argument in arguments:
            argument.encode()
    except UnicodeEncodeError:
        raise UsageError(
            "An argument is not valid text (UTF-8).",
            remedy="Write it anew in a terminal set to UTF-8 (such as LC_ALL=C.UTF-8).",
        ) from None


def _misused(error: BaseException) -> UsageError:
    context = getattr(error, "ctx", None)
    called = context.command_path if context is not None else "woosync"
    said = getattr(error, "format_message", lambda: str(error))()
    sentence = " ".join(said.split()).rstrip(".") or "A command is missing"
    return UsageError(f"{sentence}.", remedy=f"`{called} --help` says what can be given.")


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _machine(what: str, error: OSError) -> MachineError:
    where = f": {error.filename}" if error.filename else ""
    return MachineError(f"{what}{where}.", remedy=REMEDY_OS)


def _defect(error: BaseException) -> DefectError:
    """Write the traceback into the log file under a number that the user can quote."""
    # What a command that ends well does not need must not cost it start-up time.
    import traceback  # noqa: PLC0415 - as above
    import uuid  # noqa: PLC0415 - as above

    from woosync import telemetry  # noqa: PLC0415 - as above

    number = uuid.uuid4().hex[:12]
    text = f"defect {number}\n" + "".join(traceback.format_exception(error))
    folder, secrets = _log_folder()
    path = telemetry.note_defect(folder, text, secrets=secrets)
    written = f"The details are in {path}" if path else "The details could not be written"
    return DefectError(
        f"This is a defect of woosync (number {number}).",
        remedy=f"{written}; please report it with that number. What was committed is safe.",
    )


def _log_folder() -> tuple[Path, tuple[str, ...]]:
    try:
        loaded = settings.load(here(), os.environ)
    except (errors.WoosyncError, OSError):
        return settings.Settings().data_folder, ()
    return loaded.data_folder, loaded.secrets


def tell(error: errors.WoosyncError, *, as_json: bool) -> int:
    """Say what went wrong on stderr, as JSON on stdout too if asked; return the exit code."""
    for line in (f"woosync: {error.message}", f"  {error.remedy}" if error.remedy else ""):
        with contextlib.suppress(OSError):
            print(line, file=sys.stderr, end="\n" if line else "")  # noqa: T201 - speaking to the user
    try:
        if as_json and not isinstance(error, OutputError):
            kind = type(error).__name__.removesuffix("Error")
            said = {"kind": kind, "message": error.message, "remedy": error.remedy}
            told = {"error": {**said, "exit_code": error.exit_code}}
            sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    except (OSError, OutputError, SystemExit):  # what went wrong first is what counts
        give_up_output()
    return error.exit_code


def give_up_output() -> None:
    """Send what standard output did not take nowhere, or the end of the process trips over it."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def speaking() -> Iterator[None]:
    """Write to standard output: a reader that went away ends the command without a word."""
    try:
        yield
    except BrokenPipeError:
        give_up_output()
        raise SystemExit(UNREAD) from None
    except OSError as error:
        give_up_output()
        raise OutputError(
            f"Standard output cannot be written: {(error.strerror or 'input/output error')}.",
            remedy="Make room where it goes, then run it again; what was committed is safe.",
        ) from error
