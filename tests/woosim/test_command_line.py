import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


@pytest.mark.parametrize("tls", [False, True])
def test_the_command_line_serves_a_store_until_it_is_told_to_stop(
    tmp_path: Path,
    tls: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    ca_file = tmp_path / "ca.pem"
    sizes = ["--products", "30", "--variable", "3", "--customers", "5", "--orders", "5"]
    more = ["--tls", "--ca-out", str(ca_file)] if tls else []
    command = [sys.executable, "-m", "woosim", "--port", "0", *sizes, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own program
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            assert words[1].startswith("https://" if tls else "http://")
            assert ca_file.exists() is tls
            if not tls:
                with urllib.request.urlopen(f"{words[1]}/wp-json/", timeout=10) as answer:  # noqa: S310  # http alone
                    assert b"wc\\/v3" in answer.read()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
