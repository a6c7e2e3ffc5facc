"""Starting commands as processes of their own, quickly: see `forking`."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TESTS = Path(__file__).parents[1]
PIPE = asyncio.subprocess.PIPE


class Pipe(asyncio.StreamReaderProtocol):
    """The reading end of a pipe: closed when the other end is."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self.reader = reader
        self.closed = asyncio.Event()

    def eof_received(self) -> bool:
        super().eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.closed.set()


class Process:
    """A process that was forked; has what tests use of `asyncio.subprocess.Process`."""

    def __init__(self, out: Pipe, err: Pipe, told: Pipe) -> None:
        self.returncode: int | None = None
        self.stdout, self.stderr = out.reader, err.reader
        self._pipes = (out, err, told)

    async def begin(self) -> None:
        told = self._pipes[-1].reader
        self.pid = int(await told.readline())
        self._ending = asyncio.create_task(self._end(told))

    async def _end(self, told: asyncio.StreamReader) -> None:
        self.returncode = int(await told.readline())

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        await asyncio.shield(self._ending)
        for pipe in self._pipes:
            await pipe.closed.wait()
        assert self.returncode is not None
        return self.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err


class Starter:
    """A process that has loaded everything and forks commands."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._server = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "acceptance.forking", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'src'}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()

    def close(self) -> None:
        self._socket.close()
        self._server.wait(30)

    async def start(
        self, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]
    ) -> Process:
        """Start a command whose standard output and error are pipes."""
        request = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
        nothing = os.open(os.devnull, os.O_RDONLY)
        pipes = [os.pipe() for _ in range(3)]
        theirs = [nothing, *(writing for _, writing in pipes)]
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], theirs)
        finally:
            for file in theirs:
                os.close(file)
        process = Process(*[await _listen(reading) for reading, _ in pipes])
        await process.begin()
        return process


async def _listen(file: int) -> Pipe:
    pipe = Pipe(asyncio.StreamReader(limit=1 << 24))
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: pipe, os.fdopen(file, "rb", buffering=0))
    return pipe
