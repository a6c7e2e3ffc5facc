"""An audit of many levels lets whoever wants to write have a turn."""

import pytest

from flows.stocking import Stocker
from woosync.flows import stock


async def test_levels_can_be_written_while_an_audit_goes_on(
    stocker: Stocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, last = stocker.counted(40)
    before = stocker.level(last)
    await stocker.move(last, 3)
    monkeypatch.setattr(stock, "SLICE", 10)
    load_part = stock._part
    pushed: list[stock.Report] = []

    async def part_and_push(job: stock.Job, after: int) -> list[int]:
        if after and not pushed:
            pushed.append(await stocker.push())
        return await load_part(job, after)

    monkeypatch.setattr(stock, "_part", part_and_push)
    report = await stocker.audit()
    assert report.verdicts["agreed"] >= 40
    assert pushed[0].confirmed == 1
    await stocker.assert_settled(last, before + 3)
