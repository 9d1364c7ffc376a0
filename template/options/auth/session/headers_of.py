async def log_in(client: AsyncClient, name: str, password: str = PASSWORD) -> Response:
    """Sign in over HTTP."""
    form = {"username": name, "password": password}
    return await client.post("/api/auth/session", data=form)


async def headers_of(user: User) -> dict[str, str]:
    """Sign a user in, and return the headers of authenticated requests."""
    token, secret = await session.start(user, get_settings())
    csrf_token = session.opened(token, secret).csrf_token
    return {"Cookie": f"session={secret}", "X-CSRF-Token": csrf_token}
