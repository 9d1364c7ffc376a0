"""Interactive documentation."""

import re

import pytest
from httpx import AsyncClient


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_a_page_loads_nothing_but_our_own_assets(client: AsyncClient, path: str) -> None:
    page = await client.get(path)

    assets = re.findall(r'(?:src|href)="(.+?)"', page.text)
    assert len(assets) > 1
    for asset in [*assets, "/openapi.json"]:
        assert asset in page.text
        assert (await client.head(asset)).status_code == 200


@pytest.mark.settings(ENVIRONMENT="production")
@pytest.mark.parametrize("path", ["docs", "redoc", "openapi.json", "docs/assets/favicon.png"])
async def test_production_has_no_documentation(client: AsyncClient, path: str) -> None:
    response = await client.get(f"/{path}")

    assert response.status_code == 404
