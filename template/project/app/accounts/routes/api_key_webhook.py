"""Webhooks: calls from other programs, authenticated by an API key."""

from fastapi import APIRouter

from app.accounts import authentication
from app.accounts.authentication.api_key import REQUIRE_KEY

public_router = APIRouter(
    prefix="/api/webhook",
    tags=["webhook"],
    dependencies=[*REQUIRE_KEY, *authentication.REJECT_INVALID],
)


@public_router.get("/ping")
async def ping_webhook() -> dict[str, str]:
    """Confirm that the API key is valid."""
    return {"status": "ok"}
