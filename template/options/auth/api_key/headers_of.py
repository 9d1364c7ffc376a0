async def headers_of(user: User) -> dict[str, str]:
    """Give an account a key, and return the headers of its requests."""
    return {"X-API-Key": await give(user, "test")}
