"""Swagger UI and ReDoc, self-hosted: they load nothing from the internet."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = Path(fastapi_offline.__file__).parent / "static"
URL = "/docs/assets"
# This blocks the logo that ReDoc loads from the internet; its search worker is a blob.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; worker-src blob:;"
    " script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
)


def add_routes(app: FastAPI) -> None:
    """Serve Swagger UI at `/docs` and ReDoc at `/redoc`, with self-hosted assets."""
    openapi_url = app.openapi_url or "/openapi.json"

    async def swagger(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        return _with_policy(
            get_swagger_ui_html(
                openapi_url=f"{root}{openapi_url}",
                title=app.title,
                swagger_js_url=f"{root}{URL}/swagger-ui-bundle.js",
                swagger_css_url=f"{root}{URL}/swagger-ui.css",
                swagger_favicon_url=f"{root}{URL}/favicon.png",
            )
        )

    async def redoc(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        return _with_policy(
            get_redoc_html(
                openapi_url=f"{root}{openapi_url}",
                title=app.title,
                redoc_js_url=f"{root}{URL}/redoc.standalone.js",
                redoc_favicon_url=f"{root}{URL}/favicon.png",
                with_google_fonts=False,
            )
        )

    app.mount(URL, StaticFiles(directory=ASSETS))
    app.get("/docs", include_in_schema=False)(swagger)
    app.get("/redoc", include_in_schema=False)(redoc)


def _with_policy(page: HTMLResponse) -> HTMLResponse:
    page.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return page
