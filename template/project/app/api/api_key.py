"""API keys of the caller."""

from http import HTTPStatus

from fastapi import APIRouter

from app.dependencies.auth import CurrentUser, Owner, Rights
from app.dependencies.params import Id
from app.models.token import Token
from app.schemas.api_key import ApiKeyBrief, ApiKeyCreate, ApiKeyCreated, ApiKeyDetail
from app.services import api_key as api_key_service

router = APIRouter(prefix="/api-keys", tags=["api keys"])


@router.post("", status_code=HTTPStatus.CREATED)
async def create_key(owner: Owner, rights: Rights, new_key: ApiKeyCreate) -> ApiKeyCreated:
    """Create a key. It is shown in this answer, and never again."""
    token, key = await api_key_service.create(owner, new_key, rights)
    return ApiKeyCreated(key=key, **ApiKeyBrief.model_validate(token).model_dump())


@router.get("", response_model=list[ApiKeyDetail])
async def list_keys(owner: CurrentUser) -> list[Token]:
    """Return the caller's keys, without their secrets."""
    return await api_key_service.find_all(owner)


@router.delete("/{key_id}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_key(owner: Owner, key_id: Id) -> None:
    """Revoke a key: it stops working at once."""
    await api_key_service.revoke(owner, key_id)
