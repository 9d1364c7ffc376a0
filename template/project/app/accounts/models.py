"""Tables of accounts: roles, users, the tokens issued to them, and counts of attempts."""

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
    email_verified = fields.BooleanField(default=True)  # False after sign-up, until proved
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
    """An opaque token, issued to its owner.

    Only its SHA-256 is stored, so a leaked table holds no usable credential. A token and its
    successors share `family`, and are revoked together: it is the id of their session, if they are
    for one.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=16)
    secret_hash = fields.CharField(max_length=64, unique=True)
    family = fields.UUIDField(db_index=True)
    address = fields.CharField(max_length=254, default="")  # that a mailed link was sent to
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="tokens", on_delete=fields.CASCADE, db_index=True
    )
    owner_id: int  # Tortoise adds it; declared for type checkers
    # These three only if the owner created and named it.
    name = fields.CharField(max_length=100, default="")
    prefix = fields.CharField(max_length=16, default="")
    scopes: fields.Field[list[str] | None] = fields.JSONField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    last_used_at = fields.DatetimeField(null=True)
    rotated_at = fields.DatetimeField(null=True)  # exchanged for its successor
    expires_at = fields.DatetimeField(null=True, db_index=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta(Model.Meta):
        table = "tokens"

    @property
    def is_unexpired(self) -> bool:
        """Return whether `expires_at` has not passed; without it a token never expires."""
        return self.expires_at is None or self.expires_at > timezone.now()

    async def record_use(self) -> None:
        """Update `last_used_at`, at most once per `LAST_USED_PRECISION`."""
        now = timezone.now()
        limit = now - LAST_USED_PRECISION
        if self.last_used_at is None or self.last_used_at < limit:
            is_old = Q(last_used_at=None) | Q(last_used_at__lt=limit)
            await Token.filter(is_old, id=self.id).update(last_used_at=now)


class LoginFailure(Model):
    """The number of attempts with one key in one window of a rate limit.

    Sign-ups and mails are counted here too. A successful sign-in deletes the count of its account
    from its network, and subtracts itself from those of the network and of the account.
    """

    id = fields.BigIntField(primary_key=True)
    key_hash = fields.CharField(max_length=64)
    window = fields.BigIntField(db_index=True)  # its start, as Unix time in seconds
    count = fields.IntField()

    class Meta(Model.Meta):
        table = "login_failures"
        unique_together = (("key_hash", "window"),)
