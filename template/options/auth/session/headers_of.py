async def headers_of(user: User) -> dict[str, str]:
    """Sign an account in, and return the headers of its requests."""
    _, secret = await session.start(user)
    return {"Cookie": f"session={secret}", "X-CSRF-Token": session.csrf_token(secret)}
