import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from woosync import telemetry

SECRETS = ("whsec-canary-1",)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("woosync")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:], ours.level = before[0], before[2]
    root.setLevel(before[1])


def logged(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.split("\n")[:-1]


def fail(text: str) -> None:
    raise ValueError(text)


@pytest.mark.parametrize("style", ["json", "console"])
def test_one_event_is_one_line_whatever_is_in_it(
    capsys: pytest.CaptureFixture[str], style: str
) -> None:
    telemetry.configure(style=style, debug=False)
    name = "Mug\r\n2026 forged\x1b[31m\u2028\x85"
    logging.getLogger("woosync.x").info("saved %s", name, extra={"product": name, "rows": [name]})
    logging.getLogger("woosync.y").info("plain %s", name)
    lines = logged(capsys)
    assert len(lines) == 2
    assert not any(one in line for line in lines for one in "\x1b\r\u2028\x85")


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_secret_is_ever_logged(capsys: pytest.CaptureFixture[str], style: str) -> None:
    telemetry.configure(style=style, debug=True, secrets=SECRETS)
    texts = [
        "key ck_canary0123456789 and cs_canary9876543210",
        "GET /p?consumer_key=canaryA&consumer_secret=canaryB&oauth_signature=canaryC%3D",
        "Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==",
        "Bearer canary.canary.canary",
        "postgresql://user:canary@host/name",
        "it is whsec-canary-1",
    ]
    log = logging.getLogger("woosync.x")
    for text in texts:
        log.warning(
            text, extra={"authorization": "canary", "nested": {"password": "canary", "t": [text]}}
        )
        logging.getLogger("aiohttp.client").warning("%s", text)
    try:
        fail(texts[0])
    except ValueError:
        log.exception("failed")
    lines = logged(capsys)
    assert len(lines) == 2 * len(texts) + 1
    assert not any("canary" in line or "Y2Fu" in line for line in lines)


def test_json_lines_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure(style="json", debug=False)
    logging.getLogger("woosync.x").info(
        "pulled", extra={"records": 3, "seconds": 0.5, "state": None}
    )
    line = json.loads(logged(capsys)[0])
    assert (line["event"], line["records"], line["seconds"], line["level"]) == (
        "pulled",
        3,
        0.5,
        "info",
    )


def test_details_are_said_only_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure(style="json", debug=False)
    logging.getLogger("woosync.x").debug("detail")
    assert logged(capsys) == []
    telemetry.configure(style="json", debug=True)
    logging.getLogger("woosync.z").debug("detail")
    assert len(logged(capsys)) == 1


def test_a_defect_is_noted_without_secrets(tmp_path: Path) -> None:
    path = telemetry.note_defect(
        tmp_path, "defect 1\nck_canary0123456789 whsec-canary-1\n", secrets=SECRETS
    )
    assert path is not None
    assert path.read_text() == f"defect 1\n{telemetry.REDACTED} {telemetry.REDACTED}\n"
    assert path.stat().st_mode & 0o077 == 0


def test_a_log_file_that_cannot_be_written_is_no_second_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    assert telemetry.note_defect(tmp_path, "defect 1") is None
