"""Running the command line as a person does: a real process in a folder of its own."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import woosim
from acceptance import starting

LIMIT = 120.0
Process = asyncio.subprocess.Process | starting.Process


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    def good(self) -> "Ended":
        assert self.code == 0, (self.code, self.out, self.err)
        return self


@dataclass
class Workplace:
    """A working folder, its settings, and the environment of the commands run there.

    With a starter commands are forked from a process that has loaded everything.
    """

    folder: Path
    environment: dict[str, str]
    secrets: list[str] = field(default_factory=list)
    starter: starting.Starter | None = None

    def write(self, text: str, name: str = ".env.local") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def connect(self, store: woosim.Running, **changes: str) -> None:
        """Write the settings of a store."""
        values = {
            "WOOCOMMERCE_SITE_URL": store.url,
            "WOOCOMMERCE_CONSUMER_KEY": store.key,
            "WOOCOMMERCE_CONSUMER_SECRET": store.secret,
            "WOOCOMMERCE_WEBHOOK_SECRET": "whsecCanary0123456789",
            "WOOSYNC_ALLOW_PRIVATE_STORES": "true",
            "WOOSYNC_BACKOFF": "0.01",
        } | changes
        self.secrets += [values[f"WOOCOMMERCE_{n}"] for n in NAMES if values[f"WOOCOMMERCE_{n}"]]
        self.write("".join(f"{name}={value}\n" for name, value in values.items()))

    async def start(self, *arguments: str) -> Process:
        if self.starter is not None:
            return await self.starter.start(arguments, self.folder, self.environment)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "woosync",
            *arguments,
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def end(self, process: Process) -> Ended:
        try:
            out, err = await asyncio.wait_for(process.communicate(), LIMIT)
        except TimeoutError:
            process.kill()
            raise
        ended = Ended(process.returncode or 0, out.decode(), err.decode())
        self.check_manners(ended)
        return ended

    async def run(self, *arguments: str) -> Ended:
        return await self.end(await self.start(*arguments))

    async def stop(self, process: Process, by: signal.Signals) -> Ended:
        process.send_signal(by)
        return await self.end(process)

    async def failing(self, *arguments: str, code: int, says: str) -> Ended:
        """Run a command that is to fail well: one sentence, a remedy, its code, and JSON."""
        ended = await self.run(*arguments, "--json")
        assert ended.code == code, ended
        sentence, remedy, *rest = ended.err.splitlines()
        assert sentence.startswith("woosync: ")
        assert says in sentence, sentence
        assert remedy.strip()
        assert not rest
        error = ended.document["error"]
        assert error["message"] == sentence.removeprefix("woosync: ")
        assert error["remedy"] == remedy.strip()
        assert error["exit_code"] == code
        return ended

    def check_manners(self, ended: Ended) -> None:
        """No traceback and no secret in anything that is said, nor in the log file."""
        logs = Path(self.environment["WOOSYNC_DATA"]) / "logs"
        noted = [path.read_text() for path in logs.glob("*")] if logs.exists() else []
        assert "Traceback" not in ended.out + ended.err
        for secret in self.secrets:
            assert not any(secret in text for text in (ended.out, ended.err, *noted))


NAMES = ("CONSUMER_KEY", "CONSUMER_SECRET", "WEBHOOK_SECRET")
OURS = ("WOOCOMMERCE_", "WOOSYNC_", "DATABASE_URL", "REPLICA_DATABASE_URL")


def clean_environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without any setting of woosync, plus `changes`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | {"COLUMNS": "200"} | changes
