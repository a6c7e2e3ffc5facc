"""The tables: migrations that agree with them, indexes behind every foreign key."""

import concurrent.futures
import runpy
from collections.abc import Callable
from pathlib import Path

import alembic.command
import psycopg
import pytest

from woosync import errors
from woosync.postgres import engine, fresh
from woosync.postgres import errors as database_errors

ROOT = Path(__file__).parents[2]
UNINDEXED = """
SELECT conrelid::regclass::text || ' (' || string_agg(a.attname, ', ') || ')'
FROM pg_constraint AS key
JOIN pg_attribute AS a ON a.attrelid = key.conrelid AND a.attnum = ANY (key.conkey)
WHERE key.contype = 'f' AND conrelid::regclass::text NOT LIKE 'procrastinate%'
AND NOT EXISTS (
  SELECT 1 FROM pg_index AS i
  WHERE i.indrelid = key.conrelid AND i.indisvalid AND i.indpred IS NULL
  AND (i.indkey::smallint[])[0:array_length(key.conkey, 1) - 1] @> key.conkey)
GROUP BY key.oid, conrelid
"""
OURS = (
    "SELECT 'table ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " AND relkind IN ('r', 'p') AND relname <> 'alembic_version' UNION ALL"
    " SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
)
#: Everything that makes one database's tables different from another's.
CATALOGUE = """
SELECT 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod)
  || ' ' || attnotnull || ' ' || attidentity::text || attgenerated::text || ' ' || attstorage::text
  || coalesce(' ' || pg_get_expr(adbin, adrelid), '')
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attnum > 0 AND NOT attisdropped AND attrelid IN (
    SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
UNION ALL SELECT 'constraint ' || conname || ' ' || conrelid::regclass || ' '
  || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc
  WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
UNION ALL SELECT 'options ' || relname || ' ' || relkind::text || ' '
  || coalesce(reloptions::text, '') || ' ' || coalesce(pg_get_expr(relpartbound, oid), '')
  FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'revision ' || version_num FROM alembic_version
"""


def ask(url: str, statement: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(statement).fetchall()  # type: ignore[arg-type] # our literals
    return sorted(str(row[0]) for row in found)


def test_migrations_make_exactly_the_tables_that_the_program_knows(database_url: str) -> None:
    alembic.command.check(engine.alembic_config(database_url))


def test_migrations_go_up_down_and_up_again(empty_database_url: str) -> None:
    config = engine.alembic_config(empty_database_url)
    assert ask(empty_database_url, OURS) == []
    engine.upgrade(empty_database_url)
    made = ask(empty_database_url, OURS)
    assert len(made) > 25
    alembic.command.downgrade(config, "base")
    assert ask(empty_database_url, OURS) == []
    engine.upgrade(empty_database_url)
    assert ask(empty_database_url, OURS) == made
    alembic.command.check(config)


def test_an_empty_database_gets_at_once_what_the_migrations_make_one_by_one(
    database_url: str, empty_database_url: str
) -> None:
    alembic.command.upgrade(engine.alembic_config(empty_database_url), "head")
    one_by_one = ask(empty_database_url, CATALOGUE)
    assert len(one_by_one) > 500
    assert ask(database_url, CATALOGUE) == one_by_one


def test_the_script_of_an_empty_database_says_what_the_migrations_say() -> None:
    written = runpy.run_path(str(ROOT / "tools" / "write_fresh.py"))["rendered"]()
    assert written == fresh.SCRIPT.read_text(encoding="utf-8"), "run `make fresh`"


def test_programs_that_start_at_once_on_an_empty_database_make_its_tables_once(
    empty_database_url: str,
) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for ended in [threads.submit(engine.upgrade, empty_database_url) for _ in range(4)]:
            ended.result()
    assert engine.is_current(empty_database_url)


def test_tables_of_somebody_else_are_left_alone(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE products (theirs text)")
    with pytest.raises(errors.WoosyncError):
        engine.upgrade(empty_database_url)
    assert ask(empty_database_url, OURS) == ["table products"]


def test_each_migration_can_be_taken_back_alone(empty_database_url: str) -> None:
    config = engine.alembic_config(empty_database_url)
    engine.upgrade(empty_database_url)
    alembic.command.downgrade(config, "-1")
    assert not engine.is_current(empty_database_url)
    engine.upgrade(empty_database_url)
    assert engine.is_current(empty_database_url)


def test_upgrading_again_changes_nothing(database_url: str) -> None:
    before = ask(database_url, OURS)
    engine.upgrade(database_url)
    assert ask(database_url, OURS) == before
    assert engine.is_current(database_url)


def test_an_empty_database_is_not_current(empty_database_url: str) -> None:
    assert not engine.is_current(empty_database_url)


@pytest.mark.parametrize("act", [engine.upgrade, engine.is_current])
def test_the_database_of_a_newer_program_is_left_alone(
    database_url: str, act: Callable[[str], object]
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(database_errors.DatabaseNewerError, match="newer woosync") as caught:
        act(database_url)
    assert "Update woosync" in caught.value.remedy


def test_migrating_an_unreachable_database_says_so() -> None:
    with pytest.raises(database_errors.DatabaseUnavailableError):
        engine.upgrade("postgresql://nobody@127.0.0.1:1/none")


def test_every_foreign_key_has_an_index_that_begins_with_it(database_url: str) -> None:
    assert ask(database_url, UNINDEXED) == []


def test_the_search_for_bare_foreign_keys_would_find_one(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP INDEX ix_products_parent_id")
    assert ask(database_url, UNINDEXED) == ["products (parent_id)"]
