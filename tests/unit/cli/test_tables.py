import io
import sys
from datetime import UTC, datetime

import pytest

from woosync.entrypoints.cli import output

NOON = datetime(2026, 3, 4, 12, 0, 59, tzinfo=UTC)


def drawn(
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    row: dict[str, object],
    *,
    terminal: bool = True,
) -> str:
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    monkeypatch.setattr(output, "is_terminal", lambda _: terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    output.table([row], list(row), empty="")
    return file.getvalue()


@pytest.mark.parametrize("width", [28, 45])
def test_a_number_is_never_cut_or_broken(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    row = {"name": "a text of many words and more", "seen": 1234567, "reason": "z" * 40, "gone": 89}
    text = drawn(monkeypatch, width, row)
    assert "1234567" in text
    assert "89" in text
    assert "\u2026" not in text
    assert text.replace(" ", "").replace("\n", "").count("z") == 40


@pytest.mark.parametrize(("units", "told"), [(2.25, "2.25"), (7.0, "7.0"), (0.1 + 0.2, "0.3")])
def test_parts_of_a_piece_are_shown(units: float, told: str) -> None:
    assert output.text(units) == told


def test_a_time_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(monkeypatch, 40, {"at": NOON, "what": "a text of many words " * 5})
    assert "2026-03-04 12:00:59" in text


def test_a_pipe_gets_whole_values_a_row_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    row: dict[str, object] = {"name": "[b]" + "x" * 200, "at": NOON, "last": {"a": ["y" * 200]}}
    head, line = drawn(monkeypatch, 80, row, terminal=False).splitlines()
    assert head.split() == ["name", "at", "last"]
    assert line == f"[b]{'x' * 200}  2026-03-04 12:00:59  " + '{"a":["' + "y" * 200 + '"]}'


def test_a_wide_terminal_shows_a_row_on_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(monkeypatch, 80, {"name": "shop", "seen": 12})
    assert [line.split() for line in text.splitlines()] == [["name", "seen"], ["shop", "12"]]
