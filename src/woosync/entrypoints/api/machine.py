"""What this process and its machine use."""

import contextlib
import os
from pathlib import Path
from typing import Any

import psutil

from woosync.entrypoints.api import schemas

_process = psutil.Process()


class Machine(schemas.Answer):
    """Resources: shares are of 1, sizes in bytes, seconds since the process began."""

    process_memory: int
    process_cpu: float
    process_threads: int
    process_seconds: float
    cpus: int
    load: float | None
    memory: int
    memory_free: int
    disk_free: int | None


def look(folder: Path, *, now: float) -> dict[str, Any]:
    """Look at the machine; `now` is in seconds since the epoch. CPU is since the last look."""
    memory = psutil.virtual_memory()
    with _process.oneshot():
        found: dict[str, Any] = {
            "process_memory": _process.memory_info().rss,
            "process_cpu": _process.cpu_percent() / 100,
            "process_threads": _process.num_threads(),
            "process_seconds": max(0.0, now - _process.create_time()),
        }
    found |= {
        "cpus": os.cpu_count() or 1,
        "load": None,
        "memory": memory.total,
        "memory_free": memory.available,
        "disk_free": None,
    }
    with contextlib.suppress(OSError, AttributeError):
        found["load"] = os.getloadavg()[0]
    with contextlib.suppress(OSError):
        found["disk_free"] = psutil.disk_usage(str(folder)).free
    return found
