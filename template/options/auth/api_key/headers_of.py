async def headers_of(user: User) -> dict[str, str]:
    """Create a key for a user, and return the headers of authenticated requests."""
    return {"X-API-Key": await issue_key(user, "test")}
