"""People for tests."""

from httpx import AsyncClient

from app.services import role as role_service

PASSWORD = "correct horse battery staple"


def sign_up_form(name: str) -> dict[str, str]:
    """Return what opens an account for this name."""
    return {
        "username": name,
        "email": f"{name}@example.org",
        "password": PASSWORD,
        "confirm_password": PASSWORD,
    }


async def sign_up(client: AsyncClient, name: str) -> int:
    """Open an account and return its id."""
    response = await client.post("/api/users", json=sign_up_form(name))
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


async def sign_in(client: AsyncClient, name: str, password: str = PASSWORD) -> dict[str, str]:
    """Return the tokens of an account."""
    form = {"username": name, "password": password}
    response = await client.post("/api/auth/login", data=form)
    assert response.status_code == 200, response.text
    tokens: dict[str, str] = response.json()
    return tokens


async def headers_of(client: AsyncClient, name: str, role: str | None = None) -> dict[str, str]:
    """Open an account, give it a role, and return the headers of its requests."""
    user_id = await sign_up(client, name)
    if role:
        await role_service.assign(user_id, [role])
    tokens = await sign_in(client, name)
    return {"Authorization": f"Bearer {tokens['access_token']}"}
