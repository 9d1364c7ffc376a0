"""Roles over HTTP."""

from typing import Annotated

from pydantic import Field

from app.schemas.base import Input, Line, Output


class RoleDetail(Output):
    """A role and what it permits."""

    name: str
    description: str
    permissions: list[str]


class RoleNames(Input):
    """The roles that a person shall have; others are taken away."""

    roles: Annotated[list[Annotated[Line, Field(max_length=50)]], Field(max_length=100)]
