"""How a command ends badly: one sentence with a remedy, an exit code, never a traceback."""

import errno
import importlib.metadata
import json
import os
import sys
import traceback
import uuid
from pathlib import Path

from woosync import errors, settings

REMEDY_OS = "See that the disk has room and that the files are yours, then run it again."


class StoppedError(errors.WoosyncError):
    """A person or the system stopped the command."""

    exit_code = 130


class MachineError(errors.WoosyncError):
    """This machine refused something: no room, no permission."""

    exit_code = 74


class DefectError(errors.WoosyncError):
    """Something that should not happen did."""

    exit_code = 70


def version() -> str:
    """Return the version of this program."""
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
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _machine("The disk is full", error)
    if isinstance(error, PermissionError | FileNotFoundError | NotADirectoryError):
        return _machine(error.strerror or "No access", error)
    return _defect(error)


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
    from woosync import telemetry  # noqa: PLC0415 - loads the log library, needed here alone

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
        loaded = settings.load(Path.cwd(), os.environ)
    except (errors.WoosyncError, OSError):
        return settings.Settings().data_folder, ()
    return loaded.data_folder, loaded.secrets


def tell(error: errors.WoosyncError, *, as_json: bool) -> int:
    """Say what went wrong on stderr, as JSON on stdout too if asked; return the exit code."""
    sys.stdout.flush()
    print(f"woosync: {error.message}", file=sys.stderr)  # noqa: T201 - speaking to the user
    if error.remedy:
        print(f"  {error.remedy}", file=sys.stderr)  # noqa: T201 - speaking to the user
    if as_json:
        kind = type(error).__name__.removesuffix("Error")
        said = {"kind": kind, "message": error.message, "remedy": error.remedy}
        said["exit_code"] = error.exit_code  # type: ignore[assignment] # the only number
        json.dump({"error": said}, sys.stdout)
        sys.stdout.write("\n")
    return error.exit_code
