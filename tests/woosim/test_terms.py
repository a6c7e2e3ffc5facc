"""Categories and tags: listed, made, refused with the id of the one there; images by src."""

from typing import Any

import aiohttp
import pytest

PRODUCTS = "/wp-json/wc/v3/products"


async def call(
    client: aiohttp.ClientSession, method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    async with client.request(method, f"{PRODUCTS}{path}", json=body) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("kind", ["categories", "tags"])
async def test_a_term_is_made_once(client: aiohttp.ClientSession, kind: str) -> None:
    status, made = await call(client, "POST", f"/{kind}", {"name": "Tea & more"})
    assert (status, made["name"], made["slug"]) == (201, "Tea &amp; more", "tea-more")
    status, refused = await call(client, "POST", f"/{kind}", {"name": "tea & MORE"})
    assert (status, refused["code"]) == (400, "term_exists")
    assert refused["data"] == {"status": 400, "resource_id": made["id"]}
    assert await call(client, "GET", f"/{kind}/{made['id']}") == (200, made)
    for query, found in (("slug=tea-more", 1), ("slug=tea", 0), ("search=more", 1)):
        status, listed = await call(client, "GET", f"/{kind}?{query}")
        assert len(listed) == found, query
    assert (await call(client, "POST", f"/{kind}", {}))[0] == 400
    assert (await call(client, "GET", f"/{kind}/4711"))[0] == 404


async def test_the_same_name_is_free_under_another_parent(client: aiohttp.ClientSession) -> None:
    _, listed = await call(client, "GET", "/categories?slug=office")
    parent = listed[0]["id"]
    status, _ = await call(client, "POST", "/categories", {"name": "Office"})
    assert status == 400
    body = {"name": "Office", "parent": parent}
    status, made = await call(client, "POST", "/categories", body)
    assert (status, made["slug"], made["parent"]) == (201, "office-2", parent)


async def test_lists_of_terms_come_in_pages(client: aiohttp.ClientSession) -> None:
    async with client.get(f"{PRODUCTS}/categories?per_page=2&page=2&_fields=id,name") as answer:
        assert answer.headers["X-WP-Total"] == "5"
        assert answer.headers["X-WP-TotalPages"] == "3"
        assert [one["name"] for one in await answer.json()] == ["Küche", "Office"]


async def test_a_product_shows_its_terms_as_the_shop_calls_them(
    client: aiohttp.ClientSession,
) -> None:
    _, tag = await call(client, "POST", "/tags", {"name": "New", "slug": "brand-new"})
    body = {"name": "x", "tags": [{"id": tag["id"]}], "categories": [{"id": 31}]}
    _, product = await call(client, "POST", "", body)
    assert product["tags"] == [{"id": tag["id"], "name": "New", "slug": "brand-new"}]
    assert product["categories"] == [{"id": 31, "name": "Garden &amp; Home", "slug": "garden-home"}]


async def test_images_are_taken_in_by_address_and_kept_by_id(client: aiohttp.ClientSession) -> None:
    body = {"name": "x", "images": [{"src": "https://cdn.example/a/cup.jpg", "alt": "A cup"}]}
    _, product = await call(client, "POST", "", body)
    (image,) = product["images"]
    assert image["src"].endswith("/wp-content/uploads/cup.jpg")
    assert (image["name"], image["alt"]) == ("cup", "A cup")
    address = f"/{product['id']}"
    _, kept = await call(client, "PUT", address, {"images": [{"id": image["id"]}]})
    assert kept["images"] == [image]
    _, again = await call(client, "PUT", address, {"images": [{"src": image["src"]}]})
    assert again["images"][0]["id"] != image["id"]
    status, refused = await call(client, "PUT", address, {"images": [{"src": "cup.jpg"}]})
    assert (status, refused["code"]) == (400, "woocommerce_product_image_upload_error")
