"""What the API says of itself agrees with what it is."""

from pathlib import Path

from acceptance.api.calling import Api
from woosync.entrypoints.api import app as api_app
from woosync.entrypoints.api import page

DOCS = Path(__file__).parents[3] / "docs"


def test_every_endpoint_is_described_with_an_example() -> None:
    printed = page.markdown(api_app.document(), "http://localhost:4000")
    text = (DOCS / "api.md").read_text("utf-8")
    missing = [
        line for line in printed.splitlines() if line.startswith("### ") and line not in text
    ]
    assert not missing, "renew docs/api.md with `woosync openapi --markdown`"


def test_an_example_of_a_change_names_the_version_it_is_made_from() -> None:
    printed = page.markdown(api_app.document(), "http://localhost:4000")
    example = printed.partition("### `PATCH /api/products/{record_id}`")[2].partition("###")[0]
    assert "-H 'If-Match: \"1\"'" in example
    assert example.strip() in (DOCS / "api.md").read_text("utf-8")


async def test_the_page_needs_no_other_host_and_no_script(api: Api) -> None:
    said = await api.get("/docs", role="")
    assert said.status == 200
    assert "<script" not in said.text
    assert "https://" not in said.text.replace("https://shop.example", "")
    for path in api_app.document()["paths"]:
        assert path in said.text
    style = await api.get("/docs.css", role="")
    assert style.headers["Content-Type"].startswith("text/css")
    assert "default-src 'none'" in said.headers["Content-Security-Policy"]
