"""A person settles conflicts on a page, in a real browser."""

from playwright.async_api import Page, expect

from acceptance.api.calling import Api
from acceptance.api.test_deciding import (
    disputes,
    edit_here,
    edit_there,
    pulled,
    push,
    simple,
    there,
)
from acceptance.api.test_login import add
from acceptance.dashboard.test_asking import log_in

__all__ = ["pulled"]


async def test_conflicts_are_settled_one_by_one(pulled: Api, page: Page) -> None:
    await disputes(pulled, 3)
    await add(pulled)
    await log_in(page, pulled)
    await page.get_by_role("link", name="3", exact=True).click()
    cards = page.locator("section")
    await expect(cards).to_have_count(3)
    await expect(cards.first).to_contain_text("Theirs")
    await cards.first.get_by_role("button", name="Take the shop's").click()
    await expect(cards).to_have_count(2)
    await cards.first.get_by_role("button", name="Keep ours").click()
    await expect(cards).to_have_count(1)
    await cards.first.get_by_label("a value of your own").fill("Both, <b>really</b>")
    await cards.first.get_by_role("button", name="Take this value").click()
    await expect(page.get_by_text("None. Where both sides")).to_be_visible()
    await push(pulled)
    names = {there(pulled, woo_id)["name"] for _, woo_id in await simple(pulled, 3)}
    assert names == {"Theirs", "Ours", "Both, <b>really</b>"}
    found = await pulled.rows("SELECT DISTINCT state, resolved_by FROM conflicts")
    assert found == [("resolved", "ada")]


async def test_a_decision_about_values_that_moved_on_is_shown_again(
    pulled: Api, page: Page
) -> None:
    await disputes(pulled)
    await add(pulled)
    await log_in(page, pulled)
    await page.goto(f"{pulled.url}/conflicts")
    await expect(page.get_by_text("Ours", exact=True).first).to_be_visible()
    ((local_id, woo_id),) = await simple(pulled)
    newer = "Ours,\nnewer"
    await edit_here(pulled, local_id, newer)
    await page.get_by_role("button", name="Keep ours").click()
    await expect(page.get_by_role("alert")).to_contain_text("Look at the values it has now")
    await expect(page.get_by_text("newer").first).to_be_visible()
    assert await pulled.rows("SELECT state FROM conflicts") == [("open",)]
    await page.get_by_role("button", name="Take this value").click()
    await expect(page.get_by_text("None. Where both sides")).to_be_visible()
    await push(pulled)
    assert there(pulled, woo_id)["name"] == newer


async def test_a_text_may_be_emptied_and_levels_are_settled_elsewhere(
    pulled: Api, page: Page
) -> None:
    ((local_id, woo_id),) = await simple(pulled)
    address = f"/api/products/{local_id}"
    version = {"If-Match": (await pulled.get(address)).headers["ETag"]}
    ours = {"description": "Ours"}
    (await pulled.call("PATCH", address, json=ours, headers=version)).good()
    edit_there(pulled, woo_id, description="Theirs")
    await push(pulled)
    await pulled.run(
        "INSERT INTO conflicts (store_id, entity, woo_id, local_id, field, base, ours, theirs,"
        " policy, decision, suggestion, reason, state) SELECT store_id, 'stock', woo_id, local_id,"
        " 'level', '1', '2', '3', policy, decision, suggestion, reason, state FROM conflicts"
    )
    await add(pulled)
    await log_in(page, pulled)
    await page.goto(f"{pulled.url}/conflicts")
    await expect(page.locator("section")).to_have_count(1)
    await page.get_by_label("a value of your own").fill("")
    await page.get_by_role("button", name="Take this value").click()
    await expect(page.get_by_text("None. Where both sides")).to_be_visible()
    found = await pulled.rows("SELECT entity, state FROM conflicts ORDER BY entity")
    assert found == [("product", "resolved"), ("stock", "open")]
    assert (await pulled.get(address)).good()["description"] == ""
