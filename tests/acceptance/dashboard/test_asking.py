"""What the brake asks is answered on a page, in a real browser."""

from typing import Any

from playwright.async_api import Page, expect

from acceptance.api.calling import Api
from acceptance.api.test_held_stock import EVERYTHING_IS_GONE, QUIET, counted, level
from acceptance.api.test_login import PASSWORD, add
from woosync.entrypoints import worker
from woosync.postgres import stock_ops


async def log_in(page: Page, api: Api, name: str = "ada", password: str = PASSWORD) -> None:
    await page.goto(api.url)
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()


async def stop_a_push(api: Api) -> tuple[int, int, int]:
    """Take all goods away, so that the brake stops the next push; return one of the products."""
    full = {"direction": "pull"}
    assert (await api.post("/sync/full?wait=60", json=full)).good()["state"] == "completed"
    (one,) = await counted(api)
    await api.run(EVERYTHING_IS_GONE)
    ((store_id,),) = await api.rows("SELECT id FROM stores")
    await api.opened.push_stock_changes(store_id)
    return one


async def test_the_brake_asks_on_the_first_page_and_takes_the_answer(api: Api, page: Page) -> None:
    async with worker.working(api.opened, QUIET):
        product, woo, units = await stop_a_push(api)
        await add(api)
        await log_in(page, api, password="not this one")
        await expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        await log_in(page, api)
        await expect(page.get_by_role("alert")).to_contain_text("nothing was sent")
        await page.get_by_role("link", name="Look at the levels").click()
        row = page.get_by_role("row").filter(has_text=await sku(api, product))
        await expect(row).to_contain_text(f"{units}")
        assert level(api, woo) == units
        await page.get_by_role("button", name="Yes, send").click()
        # The page of the run renews itself until the run has ended.
        await expect(page.get_by_role("heading")).to_contain_text("completed")
        assert level(api, woo) == 0
        await page.get_by_role("link", name="Overview").click()
        await expect(page.get_by_role("heading", name="asks")).to_have_count(0)
        ((actor,),) = await api.rows("SELECT actor FROM sync_runs ORDER BY id DESC LIMIT 1")
        assert actor == "ada"


async def test_a_yes_is_for_the_levels_that_were_shown(api: Api, page: Page) -> None:
    async with worker.working(api.opened, QUIET):
        product, woo, units = await stop_a_push(api)
        await api.run(
            "UPDATE stock_links SET state = 'held', reason = 'looked at' WHERE product_id ="
            f" {product}"
        )
        await add(api)
        await log_in(page, api)
        await page.goto(f"{api.url}/stores/default/stock")
        await expect(page.get_by_text(await sku(api, product), exact=True)).to_have_count(0)
        await api.run(f"UPDATE stock_links SET state = 'clean' WHERE product_id = {product}")
        await page.get_by_role("button", name="Yes, send").click()
        await expect(page.get_by_role("heading")).to_contain_text("completed")
        assert level(api, woo) == units


async def test_a_yes_is_for_the_units_that_were_shown(api: Api, page: Page) -> None:
    async with worker.working(api.opened, QUIET):
        full = {"direction": "pull"}
        assert (await api.post("/sync/full?wait=60", json=full)).good()["state"] == "completed"
        more, sold, part = await counted(api, 3)
        await api.run(EVERYTHING_IS_GONE.replace("-on_hand", "2 - on_hand"))
        # Parts of a piece, which no binary number holds exactly.
        await api.run(
            f"UPDATE stock_links SET expected = expected + 0.3 WHERE product_id = {part[0]}"
        )
        await add(api)
        await log_in(page, api)
        await page.goto(f"{api.url}/stores/default/stock")
        await expect(page.get_by_role("button", name="Yes, send")).to_be_visible()
        fields = page.locator("main input[type=hidden]")
        form = {
            str(await one.get_attribute("name")): str(await one.get_attribute("value"))
            for one in await fields.all()
        }
        await api.run(
            "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
            f" SELECT product_id, warehouse_id, -2, 'adjustment', 'more' FROM inventory"
            f" WHERE product_id = {more[0]}"
        )
        await page.get_by_role("button", name="Yes, send").click()
        await expect(page.get_by_role("heading")).to_contain_text("completed")
        assert (level(api, more[1]), level(api, sold[1])) == (more[2], 2)
        # The same form sent again is no second yes.
        await api.run(
            "INSERT INTO inventory_movements (product_id, warehouse_id, qty, kind, source_ref)"
            f" SELECT product_id, warehouse_id, -1, 'adjustment', 'less' FROM inventory"
            f" WHERE product_id = {sold[0]}"
        )
        again = await page.request.post(f"{api.url}/stores/default/stock", form=form)
        await page.goto(again.url)
        await expect(page.get_by_role("heading")).to_contain_text("completed")
        assert (level(api, more[1]), level(api, sold[1])) == (more[2], 2)
        left = await api.rows("SELECT local_id FROM outbox WHERE entity = 'stock'")
        assert len(await api.rows("SELECT FROM stock_ops WHERE product_id = %s", part[0])) == 1
        assert (more[0],) in left


async def test_the_plan_can_be_looked_at_while_levels_are_written(api: Api, page: Page) -> None:
    async with worker.working(api.opened, QUIET):
        await stop_a_push(api)
        await add(api)
        await log_in(page, api)
        ((store_id,),) = await api.rows("SELECT id FROM stores")
        async with stock_ops.alone(api.opened.database, store_id, "default"):
            await page.goto(f"{api.url}/stores/default/stock")
            await expect(page.get_by_role("button", name="Yes, send")).to_be_visible()


async def test_who_may_only_look_sees_the_question_without_a_button(api: Api, page: Page) -> None:
    async with worker.working(api.opened, QUIET):
        await stop_a_push(api)
        await add(api, role="viewer")
        await log_in(page, api)
        await page.get_by_role("link", name="Look at the levels").click()
        await expect(page.get_by_text("An operator may send them.")).to_be_visible()
        await expect(page.get_by_role("button", name="Yes, send")).to_have_count(0)


async def test_text_of_a_shop_stays_text(api: Api, page: Page) -> None:
    evil = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    async with worker.working(api.opened, QUIET):
        product, _, _ = await stop_a_push(api)
        await api.run(f"UPDATE products SET name = $evil${evil}$evil$ WHERE id = {product}")
        await api.run(f"UPDATE stores SET name = $evil${evil}$evil$")
        await api.run(f"UPDATE sync_runs SET error = $evil${evil}$evil$")
        await add(api)
        await log_in(page, api)
        for path in ("/", "/stores/default/stock", "/runs/1"):
            await page.goto(api.url + path)
            await expect(page.get_by_text("<script>document.title").first).to_be_visible()
            assert "owned" not in await page.title()
            assert await page.locator("main script, main img").count() == 0


async def test_a_form_of_another_site_changes_nothing(api: Api, page: Page) -> None:
    await add(api)
    await log_in(page, api)
    await expect(page.get_by_role("heading", name="Stores")).to_be_visible()
    token = await page.locator("input[name=token]").first.get_attribute("value")
    other = api.url.replace("127.0.0.1", "localhost")
    posts: Any = (
        f"<form method=post action='{api.url}/logout'><input name=token value={token}>"
        "<button>go</button></form>"
    )
    await page.route(
        f"{other}/evil", lambda route: route.fulfill(body=posts, content_type="text/html")
    )
    await page.goto(f"{other}/evil")
    await page.get_by_role("button", name="go").click()
    await expect(page.get_by_text("sent by another site")).to_be_visible()
    await page.goto(api.url)
    await expect(page.get_by_role("heading", name="Stores")).to_be_visible()


async def sku(api: Api, product: int) -> str:
    ((found,),) = await api.rows("SELECT sku FROM products WHERE id = %s", product)
    return str(found)
