"""API keys of the caller."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.accounts import api_keys
from app.accounts.access import CurrentUser, EffectivePermissions, UnscopedUser
from app.accounts.api_key_schemas import (
    ApiKeyBrief,
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyDetail,
    ApiKeyQuery,
)
from app.web.schemas import Page
from app.web.types import PathId

router = APIRouter(prefix="/api/api-keys", tags=["api keys"])


@router.post("", status_code=HTTPStatus.CREATED)
async def create_api_key(
    owner: UnscopedUser, permissions: EffectivePermissions, new_key: ApiKeyCreate
) -> ApiKeyCreated:
    """Create a key. Only this response contains it."""
    token, key = await api_keys.create(owner, new_key, permissions)
    return ApiKeyCreated(key=key, **ApiKeyBrief.model_validate(token).model_dump())


@router.get("", response_model=Page[ApiKeyDetail])
async def list_api_keys(
    owner: CurrentUser, query: Annotated[ApiKeyQuery, Query()]
) -> dict[str, Any]:
    """Return the caller's keys, without their secrets."""
    return await query.fetch_page(api_keys.search(owner, query), output=ApiKeyDetail)


@router.delete("/{key_id}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_api_key(owner: UnscopedUser, key_id: PathId) -> None:
    """Revoke a key: it stops working at once."""
    await api_keys.revoke(owner, key_id)
