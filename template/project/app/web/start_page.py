"""The start page of the service in development."""

from html import escape
from pathlib import Path
from string import Template

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.web import health

PAGE = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
ROW = Template('<li class="$verdict">$subject: $verdict</li>')
DOCUMENTATION = {"docs": "/docs", "redoc": "/redoc", "openapi": "/openapi.json"}


async def start_page(request: Request) -> Response:
    """Show links to the documentation, and whether the service is ready."""
    app: FastAPI = request.app
    readiness = await health.examine(app)
    root = request.scope.get("root_path", "")
    vary = {"Vary": "Accept"}
    if "text/html" not in request.headers.get("accept", ""):
        documentation = {name: f"{root}{path}" for name, path in DOCUMENTATION.items()}
        content = {"name": app.title, "version": app.version} | documentation
        return JSONResponse(content | readiness.model_dump(), headers=vary)
    rows = [ROW.substitute(subject=name, verdict=it) for name, it in readiness.checks.items()]
    page = PAGE.substitute(
        root=escape(root),
        title=escape(app.title),
        version=escape(app.version),
        checks="\n".join(rows),
        status=readiness.status,
    )
    return HTMLResponse(page, headers=vary)


def add_route(app: FastAPI) -> None:
    """Serve the page at `/`: as HTML to browsers, as JSON to other clients."""
    app.get("/", include_in_schema=False)(start_page)
