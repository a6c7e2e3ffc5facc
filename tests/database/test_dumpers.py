import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import adapt, pq

import woosync.errors
from woosync.postgres import bulk, dumpers, engine, errors

LISTS: list[tuple[str, list[Any]]] = [
    ("bigint[]", [1, -2, 2**63 - 1, -(2**63)]),
    ("bigint[]", [1, None]),
    ("bigint[]", []),
    ("boolean[]", [True, False]),
    ("numeric[]", [Decimal("1.50"), Decimal(-7)]),
    ("numeric[]", [Decimal(1), None]),
    ("text[]", ["", "NULL", "null", " a ", "{", "}", ",", '"', "\\", 'a"b\\c', "x\ny\tz", "it's"]),
    ("text[]", ["Käse", "чай", "日本"]),
    ("text[]", [None, "a"]),
    ("text[]", ['","']),
    ("bigint[]", [[1, 2], [3, 4]]),
]


@pytest.mark.parametrize(("kind", "given"), LISTS)
async def test_lists_come_back_as_they_were(
    database: engine.Database, kind: str, given: list[Any]
) -> None:
    async with database.transaction() as tx:
        found = await (await tx.execute(f"SELECT %s::{kind}", (given,))).fetchone()
    assert found == (given,)


async def test_lists_are_found_by_without_a_cast(database: engine.Database) -> None:
    async with database.transaction() as tx:
        for value, given in ((3, [1, 3]), (Decimal(3), [Decimal(3)]), ("b", ["a", "b"])):
            row = await (await tx.execute("SELECT %s = ANY(%s)", (value, given))).fetchone()
            assert row == (True,)


async def test_a_zero_byte_is_refused_and_not_cut(database: engine.Database) -> None:
    with pytest.raises(Exception, match=r"NUL|0x00|not fit"):
        async with database.transaction() as tx:
            await tx.execute("SELECT %s::text[]", (["a\0b"],))


@given(st.lists(st.text(st.characters(max_codepoint=127, exclude_characters="\0")), min_size=1))
def test_any_plain_texts_come_back(texts: list[str]) -> None:
    context = adapt.Transformer.from_context(None)
    dumper = context.get_dumper(texts, adapt.PyFormat.AUTO)
    assert type(dumper).__module__ == dumpers.__name__
    loader = context.get_loader(psycopg.adapters.types["text"].array_oid, pq.Format.TEXT)
    assert loader.load(dumper.dump(texts) or b"") == texts


async def test_a_moment_comes_back_as_it_was(database: engine.Database) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    for moment in (
        datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 11, 22, 20, 53, 21, tzinfo=east),
        datetime(1900, 1, 1, 12, tzinfo=timezone(timedelta(minutes=19, seconds=32))),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ):
        async with database.transaction() as tx:
            found = await (await tx.execute("SELECT %s", (moment,))).fetchone()
        assert found == (moment,)


async def test_a_time_without_a_zone_is_refused(database: engine.Database) -> None:
    with pytest.raises(Exception, match="zone"):
        async with database.transaction() as tx:
            await tx.execute("SELECT %s", (datetime(2026, 1, 1),))  # noqa: DTZ001 - that is the point


async def test_copied_rows_come_back_as_they_were(database: engine.Database) -> None:
    odd = 'a\tb\nc\\d"e\\N Käse 日本 😀'
    whole = json.dumps({"a": odd, "b": [1, None]}).encode()
    moment = datetime(2026, 11, 22, 20, 53, 21, 5, tzinfo=UTC)
    columns = ("id", "small", "yes", "amount", "moment", "raw", "doc", "text")
    rows: list[tuple[object, ...]] = [
        (2**62, 2**31 - 1, True, Decimal("-12.340"), moment, b"\0\xff\\", whole, odd),
        (1, 0, True, 7, moment, b"", whole, ""),
        (-1, 0, False, Decimal("1E+5"), None, b"", b"null", ""),
        (0, None, None, 7, None, None, None, None),
    ]
    async with database.transaction() as tx:
        await tx.execute(
            "CREATE TEMPORARY TABLE odd (id bigint, small integer, yes boolean, amount numeric,"
            " moment timestamptz, raw bytea, doc jsonb, text text) ON COMMIT DROP"
        )
        await bulk.copy(tx, "odd", columns, rows)
        found = await (await tx.execute("SELECT * FROM odd")).fetchall()
    docs = [row[6] for row in rows]
    assert all(doc is None or isinstance(doc, bytes) for doc in docs)
    read = [
        (*row[:6], None if doc is None else json.loads(doc), row[7])
        for row, doc in zip(rows, docs, strict=True)
    ]
    assert found == read


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "a\0b"),
        ("text", "\ud800"),
        ("text", 5),
        ("integer", 2**31),
        ("integer", 2**32 + 7),
        ("bigint", 2**63),
        ("timestamptz", datetime(2026, 1, 1)),  # noqa: DTZ001 - that is the point
    ],
)
async def test_what_does_not_fit_is_refused_as_what_the_database_refuses(
    database: engine.Database, kind: str, value: object
) -> None:
    async def copy(value: object) -> None:
        async with database.transaction() as tx:
            await tx.execute(f"CREATE TEMPORARY TABLE odd (odd {kind}) ON COMMIT DROP")
            await bulk.copy(tx, "odd", ("odd",), [(value,)])

    with pytest.raises(errors.DatabaseRejectedError):
        await copy(value)
    await copy(None)


async def test_text_is_the_same_whatever_encoding_the_environment_asks_for(
    database: engine.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    other = engine.Database(database.url)
    given = ("Käse 日本", '{"a": "Käse 日本"}'.encode())
    async with other.transaction() as tx:
        await tx.execute("CREATE TEMPORARY TABLE odd (text text, doc jsonb) ON COMMIT DROP")
        await bulk.copy(tx, "odd", ("text", "doc"), [given])
        found = await (await tx.execute("SELECT text, length(text), doc::text FROM odd")).fetchone()
    await other.close()
    assert found == (given[0], 7, given[1].decode())


async def test_a_column_that_became_another_is_written_the_next_time(
    database: engine.Database,
) -> None:
    async def copy(kind: str) -> None:
        async with database.transaction() as tx:
            await tx.execute(f"CREATE TEMPORARY TABLE changing (n {kind}) ON COMMIT DROP")
            await bulk.copy(tx, "changing", ("n",), [(1,)])

    await copy("integer")
    with pytest.raises(woosync.errors.WoosyncError):
        await copy("bigint")
    await copy("bigint")
