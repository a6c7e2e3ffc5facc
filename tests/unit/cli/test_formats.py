import contextlib
import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from woosync.entrypoints.cli import targets
from woosync.postgres import exports, formats

COLUMNS = ("id", "name", "regular_price", "on_hand", "at", "metadata", "flag")
AT = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
ROWS = [
    (1, "=1+1", Decimal("-5.00"), Decimal(-3), AT, '{"a": [1, "é"]}', True),
    (2, 'a "b",\r\nc', None, Decimal("2.5"), datetime(2026, 1, 1, tzinfo=UTC), None, False),
]


async def written(chosen: formats.Format, chunks: list[list[tuple[object, ...]]]) -> bytes:
    async def parts() -> AsyncIterator[list[tuple[object, ...]]]:
        for chunk in chunks:
            yield chunk

    file = io.BytesIO()
    rows = exports.Rows(COLUMNS, frozenset({"metadata"}), parts())
    assert await targets.write(file, rows, chosen) == sum(map(len, chunks))
    return file.getvalue()


@pytest.mark.parametrize("chunks", [[ROWS], [ROWS[:1], ROWS[1:]]])
async def test_json_is_one_list_of_exact_values(chunks: list[list[tuple[object, ...]]]) -> None:
    text = await written(formats.Format.JSON, chunks)
    assert json.loads(text, parse_float=Decimal) == [
        {
            "id": 1,
            "name": "=1+1",
            "regular_price": "-5.00",
            "on_hand": -3,
            "at": "2026-01-02T03:04:05Z",
            "metadata": {"a": [1, "é"]},
            "flag": True,
        },
        {
            "id": 2,
            "name": 'a "b",\r\nc',
            "regular_price": None,
            "on_hand": Decimal("2.5"),
            "at": "2026-01-01T00:00:00Z",
            "metadata": None,
            "flag": False,
        },
    ]


async def test_no_rows_are_still_a_document() -> None:
    assert json.loads(await written(formats.Format.JSON, [])) == []
    assert await written(formats.Format.NDJSON, []) == b""
    assert await written(formats.Format.CSV, []) == (",".join(COLUMNS) + "\r\n").encode()


async def test_ndjson_has_a_record_a_line() -> None:
    text = await written(formats.Format.NDJSON, [ROWS[:1], ROWS[1:]])
    assert [json.loads(line)["id"] for line in text.decode().split("\n")[:-1]] == [1, 2]


async def test_csv_follows_rfc_4180_and_guards_text_but_not_numbers() -> None:
    text = (await written(formats.Format.CSV, [ROWS])).decode()
    assert text.count("\r\n") == 4
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == list(COLUMNS)
    assert rows[1] == [
        "1",
        "'=1+1",
        "-5.00",
        "-3",
        "2026-01-02T03:04:05Z",
        '{"a": [1, "é"]}',
        "true",
    ]
    assert rows[2] == ["2", 'a "b",\r\nc', "", "2.5", "2026-01-01T00:00:00Z", "", "false"]


@pytest.mark.parametrize("first", list("=+-@\t\r\0"))
def test_text_that_a_spreadsheet_would_run_is_made_plain(first: str) -> None:
    assert formats.cell(f"{first}cmd") == f"'{first}cmd"
    assert formats.cell(f"a{first}") == f"a{first}"


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")
    with contextlib.suppress(RuntimeError), targets.target(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["out.json"]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(targets.CannotWriteError, match="cannot be written"),
        targets.target(tmp_path / "no" / "out.json"),
    ):
        pytest.fail("nothing can be written here")
