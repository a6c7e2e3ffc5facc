"""The dashboard in a real browser, beside the fixtures of the API that serves it."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright import async_api

from acceptance.api.conftest import api, serving, shop

__all__ = ["api", "page", "serving", "shop"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: It is to talk to the test's own server alone, and may be started by root.
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 20_000


@pytest.fixture
async def page() -> AsyncIterator[async_api.Page]:
    """Open a page of a browser that keeps nothing; what the browser refuses is a failure."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "The tests of the dashboard need Chromium: apt-get install chromium"
    async with async_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(QUIETLY))
        opened = await browser.new_page()
        opened.set_default_timeout(PATIENCE)
        complaints: list[str] = []
        opened.on("console", lambda said: complaints.append(said.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        await browser.close()
    refused = [one for one in complaints if "Security Policy" in one or "Uncaught" in one]
    assert not refused
