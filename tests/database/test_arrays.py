from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import adapt, pq

from woosync.postgres import arrays, engine

LISTS: list[tuple[str, list[Any]]] = [
    ("bigint[]", [1, -2, 2**62]),
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
    assert type(dumper).__module__ == arrays.__name__
    loader = context.get_loader(psycopg.adapters.types["text"].array_oid, pq.Format.TEXT)
    assert loader.load(dumper.dump(texts) or b"") == texts
