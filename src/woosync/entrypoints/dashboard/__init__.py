"""The dashboard: pages for people, rendered here, without scripts; one file a page.

How to add a page: a module with `router = pages.router()`, its template in `templates`, its name in
`PAGES`. A page takes `visitor: session.Anyone`; a form that changes something takes
`visitor: session.Operator`, and its template a hidden field `token` with `visitor.token`. Errors
are raised, as in the API.
"""

import fastapi
from starlette.exceptions import HTTPException

from woosync.entrypoints.dashboard import conflicts, login, overview, pages, runs, stock

PAGES = (login, overview, runs, stock, conflicts)


def include(app: fastapi.FastAPI) -> None:
    """Give the API's app the pages as well."""
    app.add_exception_handler(HTTPException, pages.of_http)  # type: ignore[arg-type] # by class
    app.include_router(pages.assets)
    for page in PAGES:
        app.include_router(page.router)
