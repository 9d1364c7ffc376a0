"""R2: bare FastAPI and Tortoise, as their documentation shows. No middleware, no log.

It answers `/health/live` and `GET /api/users` with the JSON of the rendered
service, from the same table. `reference.sha256` holds this file as it is.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import ceil
from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict
from tortoise import fields
from tortoise.contrib.fastapi import RegisterTortoise
from tortoise.models import Model


class User(Model):
    """An account, with the columns that the service's migrations make."""

    id = fields.BigIntField(primary_key=True)
    username = fields.CharField(max_length=50)
    username_key = fields.CharField(max_length=100, unique=True)
    email = fields.CharField(max_length=254, unique=True)
    password_hash = fields.CharField(max_length=255)
    age = fields.SmallIntField(null=True)
    is_active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta(Model.Meta):
        """Storage."""

        table = "users"


class UserBrief(BaseModel):
    """An account in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    username: str
    email: str


class UserPage(BaseModel):
    """One page of accounts."""

    items: list[UserBrief]
    total: int
    page: int
    pages: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Keep Tortoise ready while the application runs."""
    async with RegisterTortoise(
        app, db_url=os.environ["DATABASE_URL"], modules={"models": ["tools.bench.reference"]}
    ):
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/health/live")
async def live() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "ok"}


@app.get("/api/users", response_model=UserPage)
async def list_users(
    page: Annotated[int, Query(ge=1)] = 1, size: Annotated[int, Query(ge=1, le=100)] = 20
) -> dict[str, Any]:
    """Return accounts, the oldest first."""
    total = await User.all().count()
    users = await User.all().order_by("id").offset((page - 1) * size).limit(size)
    return {"items": users, "total": total, "page": page, "pages": ceil(total / size)}
