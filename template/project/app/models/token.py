"""Secrets that were handed out, and attempts to come in without one."""

from tortoise import fields, timezone
from tortoise.models import Model

from app.models.user import User


class Token(Model):
    """A secret that stands for its owner.

    Only its SHA-256 is stored: a stolen copy of the table opens nothing. The
    tokens that replace each other belong to one family, and end together.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    secret_hash = fields.CharField(max_length=64, unique=True)
    family = fields.UUIDField(db_index=True)
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="tokens", on_delete=fields.CASCADE
    )
    owner_id: int
    name = fields.CharField(max_length=100, default="")
    prefix = fields.CharField(max_length=16, default="")
    scopes: fields.Field[list[str] | None] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    last_used_at = fields.DatetimeField(null=True)
    used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True, db_index=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        """Storage."""

        table = "tokens"

    @property
    def is_current(self) -> bool:
        """Whether it has not expired; some never do."""
        return self.expires_at is None or self.expires_at > timezone.now()


class LoginFailure(Model):
    """How often a name, or an address, was tried in one window of time."""

    id = fields.BigIntField(primary_key=True)
    key_hash = fields.CharField(max_length=64)
    window = fields.BigIntField(db_index=True)
    count = fields.IntField()

    class Meta(Model.Meta):
        """Storage."""

        table = "login_failures"
        unique_together = (("key_hash", "window"),)
