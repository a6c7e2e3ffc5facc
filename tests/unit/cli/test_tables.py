import io

import pytest

from woosync.entrypoints.cli import output


def drawn(monkeypatch: pytest.MonkeyPatch, width: int, row: dict[str, object]) -> str:
    file = io.StringIO()
    monkeypatch.setattr(output, "stdout", output.Printer(file=file, width=width))
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


def test_a_wide_terminal_shows_a_row_on_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawn(monkeypatch, 80, {"name": "shop", "seen": 12})
    assert [line.split() for line in text.splitlines()] == [["name", "seen"], ["shop", "12"]]
