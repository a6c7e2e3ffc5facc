"""Reading `.env` files strictly: a line that cannot be read is an error with its number.

Written out here because the usual readers pass over such lines, and a lost key is hard to find.
"""

import contextlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from woosync.settings.errors import BadSettingsError

LINE = re.compile(
    r"""[ \t]*(?:
      (?P<blank>(?:\#[^\n]*)?)
      | (?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*(?:
          "(?P<double>(?:[^"\\]|\\.)*)"
        | '(?P<single>[^']*)'
        | (?P<plain>(?!["'])[^\n]*?)
        )(?:[ \t]*|[ \t]+\#[^\n]*)
    )(?:\n|\Z)""",
    re.VERBOSE | re.DOTALL,
)
NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=")
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
SIZE_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Found:
    """A variable's text and where it stands, in words."""

    value: str = field(repr=False)
    place: str


def read(path: Path, *, shown: str) -> dict[str, Found]:
    """Read a file; one that is not there is empty. Raises BadSettingsError.

    `shown` is how messages name the file.
    """
    return parse(_text(path, shown), shown=shown)


def parse(text: str, *, shown: str) -> dict[str, Found]:
    """Read `NAME=value` lines; quotes, `export` and comments are as shells have them."""
    text = text.replace("\r\n", "\n")
    found: dict[str, Found] = {}
    at, line = 0, 1
    while at < len(text):
        matched = LINE.match(text, at)
        if matched is None:
            raise _unreadable(text, at, line, shown)
        name = matched["name"]
        if name:
            found[name] = Found(_value(matched), f"{shown}, line {line}")
        line += text.count("\n", at, matched.end())
        at = matched.end()
    return found


def _value(matched: re.Match[str]) -> str:
    if matched["double"] is not None:
        return ESCAPE.sub(lambda found: ESCAPES.get(found[1], found[1]), matched["double"])
    return matched["single"] if matched["single"] is not None else matched["plain"]


def _text(path: Path, shown: str) -> str:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not path.samefile(os.devnull):
            # A pipe might never say anything, and a device might never end.
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
            raise BadSettingsError(
                f"{shown} is {kind}, not a file.",
                remedy="Move it away, or put the settings into a file of that name.",
            )
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
        if len(content) > SIZE_LIMIT:
            raise BadSettingsError(
                f"{shown} is larger than a settings file can be.", remedy="Move it away."
            )
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise BadSettingsError(
            f"{shown} is not saved as UTF-8 text.",
            remedy="Open it in an editor and save it with the encoding UTF-8.",
        ) from None
    except OSError as error:
        raise BadSettingsError(
            f"{shown} cannot be read: {(error.strerror or 'input/output error').lower()}.",
            remedy="Make the file readable for the user that runs woosync.",
        ) from error


def _unreadable(text: str, at: int, line: int, shown: str) -> BadSettingsError:
    content = text[at:].partition("\n")[0]
    name, equals, value = content.partition("=")
    known = re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*", name)
    if equals and known:
        quoted = value.strip()[:1] in {'"', "'"}
        problem = "its quotation marks do not match" if quoted else "its value is odd"
        what = f"{known[1]} ({shown}, line {line}) cannot be read: {problem}."
    else:
        what = f"{shown}, line {line}, is not of the form NAME=value."
    return BadSettingsError(
        what, remedy="Write NAME=value, with plain quotation marks on both sides or none."
    )


def write(path: Path, changes: Mapping[str, str], *, shown: str) -> None:
    """Set variables in a file and leave its other lines as they are; only the owner may read it.

    Raises BadSettingsError when the file cannot be read as it is, or not written.
    """
    text = _text(path, shown)
    parse(text, shown=shown)
    left = dict(changes)
    lines = []
    for line in text.splitlines():
        named = NAME.match(line)
        if named is None or named[1] not in changes:
            lines.append(line)
        elif named[1] in left:
            lines.append(f"{named[1]}={_quoted(left.pop(named[1]))}")
    lines += [f"{name}={_quoted(value)}" for name, value in left.items()]
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # why it could not be written is what counts
            draft.unlink()
        raise BadSettingsError(
            f"{shown} cannot be written: {(error.strerror or 'input/output error').lower()}.",
            remedy="See that the folder is yours and the disk has room.",
        ) from error


def _quoted(value: str) -> str:
    if re.fullmatch(r"[^\s\"'#\\]*", value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
