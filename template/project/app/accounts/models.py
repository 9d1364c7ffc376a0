"""Accounts: roles, users, the secrets that were handed out to them, and failed attempts."""

from datetime import timedelta

from tortoise import fields, timezone
from tortoise.expressions import Q
from tortoise.models import Model

LAST_USED_PRECISION = timedelta(minutes=1)
"""`last_used_at` is written at most this often: an update on each request would cost more."""


class Role(Model):
    """A named set of permissions, such as `user:read`."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)
    description = fields.CharField(max_length=200, default="")
    permissions: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta(Model.Meta):
        table = "roles"

    def __str__(self) -> str:
        """Return the role's name."""
        return self.name


class User(Model):
    """An account."""

    id = fields.BigIntField(primary_key=True)
    username = fields.CharField(max_length=50)
    username_key = fields.CharField(max_length=200, unique=True)  # normalized and case-folded
    email = fields.CharField(max_length=254, unique=True)
    password_hash = fields.CharField(max_length=255)
    age = fields.SmallIntField(null=True)
    is_active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    roles: fields.ManyToManyRelation[Role] = fields.ManyToManyField(
        "models.Role",
        related_name="users",
        through="user_roles",
        forward_key="role_id",
        backward_key="user_id",
    )

    class Meta(Model.Meta):
        table = "users"

    def __str__(self) -> str:
        """Return the name that other people see."""
        return self.username


class Token(Model):
    """A secret that stands for its owner.

    Only its SHA-256 is stored, so a leaked table holds no usable credential. Rotated
    tokens belong to one family and are revoked together.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    secret_hash = fields.CharField(max_length=64, unique=True)
    family = fields.UUIDField(db_index=True)  # of a session: its id
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="tokens", on_delete=fields.CASCADE, db_index=True
    )
    owner_id: int
    name = fields.CharField(max_length=100, default="")  # only of tokens that people create
    prefix = fields.CharField(max_length=16, default="")
    scopes: fields.Field[list[str] | None] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    last_used_at = fields.DatetimeField(null=True)
    used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True, db_index=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        table = "tokens"

    @property
    def is_current(self) -> bool:
        """Whether the token has not expired; without `expires_at` it never does."""
        return self.expires_at is None or self.expires_at > timezone.now()

    async def record_use(self) -> None:
        """Update `last_used_at`, at most once per `LAST_USED_PRECISION`."""
        now = timezone.now()
        limit = now - LAST_USED_PRECISION
        if self.last_used_at is None or self.last_used_at < limit:
            is_old = Q(last_used_at=None) | Q(last_used_at__lt=limit)
            await Token.filter(is_old, id=self.id).update(last_used_at=now)


class LoginFailure(Model):
    """The number of attempts in one window of time, for an account or a network."""

    id = fields.BigIntField(primary_key=True)
    key_hash = fields.CharField(max_length=64)
    window = fields.BigIntField(db_index=True)  # its first second, since 1970
    count = fields.IntField()

    class Meta(Model.Meta):
        table = "login_failures"
        unique_together = (("key_hash", "window"),)
