"""How long a rise of unknown outcome may still arrive: from when its request was given up."""

from typing import Any

from flows.stocking import Stocker


async def test_a_rise_that_waited_here_for_its_turn_gets_its_whole_patience(
    stocker: Stocker,
) -> None:
    [product] = stocker.counted()
    before = stocker.level(product)
    client = stocker.puller.client
    send = client.send

    async def send_late(*arguments: Any, **named: Any) -> Any:
        stocker.time.pass_by(300)
        return await send(*arguments, **named)

    client.send = send_late  # type: ignore[method-assign] # the turn comes late
    stocker.puller.running.front.faults.inject("reset", method="POST")
    await stocker.move(product, 3)
    report = await stocker.push()
    assert (report.unknown, report.waiting, stocker.writes()) == (1, 1, 1)
    stocker.time.pass_by(121)
    await stocker.push()
    await stocker.assert_settled(product, before + 3)
    assert stocker.writes() == 2
