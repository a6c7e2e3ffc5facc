"""Commands as processes forked from one that has loaded everything: spared Python's start.

`python -m acceptance.forking FD` serves requests on the socket FD: a line of JSON with the files of
standard input, output and error, and one to which the number and the status of the process go.
"""

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import time
from types import FrameType

LONGEST = 1 << 17
#: What commands load when they need it.
LATE = ("alembic.command", "rich.console", "rich.progress", "rich.table", "uvicorn", "uvloop")


def load_all() -> None:
    """Load whatever a command may need; what is loaded must not be looked at by the collector."""
    import woosync  # noqa: PLC0415 - the others need none of it

    for found in pkgutil.walk_packages(woosync.__path__, "woosync."):
        if ".migrations" not in found.name and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    for name in LATE:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def serve(requests: socket.socket) -> None:
    """Fork a process for every request until the socket closes; returns in the processes."""
    told: dict[int, int] = {}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, _nothing)
    while True:
        ready, _, _ = select.select([requests, reading], [], [])
        if reading in ready:
            os.read(reading, 1024)
            _bury(told)
        if requests not in ready:
            continue
        text, files, _, _ = socket.recv_fds(requests, LONGEST, 4)
        if not text:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # As at a terminal; what runs in the background of a script has it ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for unused in (requests.detach(), reading, writing, *told.values()):
                os.close(unused)
            _become(json.loads(text), files)
            return
        told[pid] = files.pop()
        os.write(told[pid], f"{pid}\n".encode())
        for file in files:
            os.close(file)


def _nothing(number: int, frame: FrameType | None) -> None:
    """Wake the loop."""


def _bury(told: dict[int, int]) -> None:
    """Tell how processes ended."""
    while told:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        file = told.pop(pid)
        os.write(file, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(file)


def _become(request: dict[str, object], files: list[int]) -> None:
    """Be the process that was asked for."""
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload] # our own request
    time.tzset()
    sys.argv = ["woosync", *request["arguments"]]  # type: ignore[misc] # our own request


if __name__ == "__main__":
    load_all()
    serve(socket.socket(fileno=int(sys.argv[1])))
    from woosync.__main__ import main

    main()
