"""What the API says of itself: the OpenAPI document, and a page that needs but a browser."""

from typing import Any

import fastapi
from fastapi.responses import HTMLResponse, JSONResponse, Response

from woosync.entrypoints.api import page, routing

router = routing.unguarded("", "documents")
PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"


@router.get("/openapi.json", response_class=JSONResponse)
async def document(request: fastapi.Request) -> dict[str, Any]:
    """Give the OpenAPI document; it describes the program and holds no data."""
    described: dict[str, Any] = request.app.openapi()
    return described


@router.get("/docs", response_class=HTMLResponse)
async def docs(request: fastapi.Request) -> HTMLResponse:
    """Show every endpoint with its parameters and an example."""
    text = page.rendered(request.app.openapi(), str(request.base_url).rstrip("/"))
    return HTMLResponse(text, headers={"Content-Security-Policy": PAGE_POLICY})


@router.get("/docs.css", response_class=Response, include_in_schema=False)
async def style() -> Response:
    """Give the page its looks."""
    return Response(page.STYLE, media_type="text/css")
