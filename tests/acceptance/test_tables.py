"""The tables of commands on a terminal of 80 columns, and in a pipe."""

import re
from collections.abc import Iterator

import pytest

import woosim
from acceptance import inside
from acceptance.commands import Workplace
from woosync.entrypoints.cli import output

LONG = "a very long name that nobody would give to anything " * 3 + "at all"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
#: A line of each that has to be there unbroken.
ROWS = {
    ("status",): rf"default active \d+ 0 0 {TIME} completed",
    ("runs",): rf"1 default pull full completed {TIME} \d+",
    ("history", "--entity", "run"): rf"{TIME} 1 completed run order: 20 seen, 20.*",
    ("webhooks", "list"): r"order\.updated active 0 0 0",
}


@pytest.fixture
def shop() -> Iterator[woosim.Running]:
    with inside.serve(products=5, variable=1, customers=15, orders=20, seed=7) as running:
        yield running


@pytest.fixture
def pulled(work: Workplace, shop: woosim.Running) -> inside.Inside:
    work.connect(shop, WOOSYNC_PUBLIC_URL="https://sync.example.com/" + "deep/" * 20)
    commands = inside.Inside(work)
    commands.run("pull", "--json").good()
    commands.run("webhooks", "register").good()
    return commands


def test_tables_can_be_read_on_80_columns_and_are_whole_in_pipes(
    pulled: inside.Inside, shop: woosim.Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = pulled.run("export", "products", "--json").good().document
    woo_id = next(one["wc_id"] for one in exported if one["type"] == "simple")
    shop.shop.save("product", dict(shop.shop.read("product", woo_id) or {}) | {"name": LONG})
    pulled.run("pull", "products").good()
    assert LONG in pulled.run("history").good().out
    monkeypatch.setattr(output, "is_terminal", lambda _: True)
    monkeypatch.setitem(pulled.work.environment, "COLUMNS", "80")
    for command, row in ROWS.items():
        shown = pulled.run(*command).good().out.splitlines()
        assert all(len(line) <= 80 or " " not in line for line in shown), shown
        assert any(re.fullmatch(row, " ".join(line.split())) for line in shown), shown
    told = " ".join(pulled.run("history", "--event-type", "updated").good().out.split())
    assert " ".join(LONG.split()[:12]) in told
