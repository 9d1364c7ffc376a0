"""Where other programs report something."""

from fastapi import APIRouter

from app.accounts import sign_in
from app.accounts.sign_in.api_key import WITH_KEY

public_router = APIRouter(
    prefix="/api/webhook", tags=["webhook"], dependencies=[*WITH_KEY, *sign_in.OTHERS_VALID]
)


@public_router.get("/ping")
async def ping_webhook() -> dict[str, str]:
    """Answer a program that wants to know whether its key works."""
    return {"status": "ok"}
