async def log_in(client: AsyncClient, name: str, password: str = PASSWORD) -> Response:
    """Sign in over HTTP."""
    form = {"username": name, "password": password}
    return await client.post("/api/auth/login", data=form)


async def headers_of(user: User) -> dict[str, str]:
    """Sign a user in, and return the headers of authenticated requests."""
    return bearer((await jwt.open_session(user, get_settings())).access_token)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries an access token."""
    return {"Authorization": f"Bearer {token}"}
