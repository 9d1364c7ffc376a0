"""Where other programs report something."""

from fastapi import APIRouter

from app.auth.api_key import WITH_KEY

with_own_rules = APIRouter(prefix="/webhook", tags=["webhook"], dependencies=WITH_KEY)


@with_own_rules.get("/ping")
async def ping() -> dict[str, str]:
    """Answer a program that wants to know whether its key works."""
    return {"status": "ok"}
