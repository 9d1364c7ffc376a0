"""API keys of the caller."""

from http import HTTPStatus

from fastapi import APIRouter

from app.accounts import api_keys
from app.accounts.access import CurrentUser, EffectivePermissions, UnscopedUser
from app.accounts.api_key_schemas import ApiKeyBrief, ApiKeyCreate, ApiKeyCreated, ApiKeyDetail
from app.accounts.models import Token
from app.web.types import PathId

router = APIRouter(prefix="/api/api-keys", tags=["api keys"])


@router.post("", status_code=HTTPStatus.CREATED)
async def create_api_key(
    owner: UnscopedUser, permissions: EffectivePermissions, new_key: ApiKeyCreate
) -> ApiKeyCreated:
    """Create a key. Only this response contains it."""
    token, key = await api_keys.create(owner, new_key, permissions)
    return ApiKeyCreated(key=key, **ApiKeyBrief.model_validate(token).model_dump())


@router.get("", response_model=list[ApiKeyDetail])
async def list_api_keys(owner: CurrentUser) -> list[Token]:
    """Return the caller's keys, without their secrets."""
    return await api_keys.find_all(owner)


@router.delete("/{key_id}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_api_key(owner: UnscopedUser, key_id: PathId) -> None:
    """Revoke a key: it stops working at once."""
    await api_keys.revoke(owner, key_id)
