"""Secrets that were handed out."""

from tortoise import fields
from tortoise.models import Model

from app.models.user import User


class Token(Model):
    """A secret that stands for its owner, such as a refresh token.

    Only its SHA-256 is stored: a stolen copy of the table opens nothing. The
    tokens that replace each other belong to one family, and end together.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    secret_hash = fields.CharField(max_length=64, unique=True)
    family = fields.UUIDField(db_index=True)
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "accounts.User", related_name="tokens", on_delete=fields.CASCADE
    )
    owner_id: int
    created_at = fields.DatetimeField(auto_now_add=True)
    used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(db_index=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        """Storage."""

        app = "accounts"
        table = "tokens"
