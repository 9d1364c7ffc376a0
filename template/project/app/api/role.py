"""Roles."""

from fastapi import APIRouter

from app.models.user import Role
from app.schemas.user import RoleDetail
from app.services import role as role_service

router = APIRouter(prefix="/roles", tags=["users"])


@router.get("", response_model=list[RoleDetail])
async def list_roles() -> list[Role]:
    """Return every role and what it permits."""
    return await role_service.find_all()
