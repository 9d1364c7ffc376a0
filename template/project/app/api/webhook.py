"""Where other programs report something."""

from fastapi import APIRouter, Depends

from app import auth
from app.auth.api_key import WITH_KEY

# A key there must be, and whatever else the request carries must be valid too.
RULES = [*WITH_KEY, Depends(auth.authenticate)]

with_own_rules = APIRouter(prefix="/webhook", tags=["webhook"], dependencies=RULES)


@with_own_rules.get("/ping")
async def ping() -> dict[str, str]:
    """Answer a program that wants to know whether its key works."""
    return {"status": "ok"}
