"""People who can sign in, and their roles."""

from tortoise import fields
from tortoise.models import Model


class Role(Model):
    """A named set of permissions, such as `user:read`."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)
    description = fields.CharField(max_length=200, default="")
    permissions: fields.Field[list[str]] = fields.JSONField(default=list)

    class Meta(Model.Meta):
        """Storage."""

        table = "roles"

    def __str__(self) -> str:
        """Return the role's name."""
        return self.name


class User(Model):
    """An account."""

    id = fields.BigIntField(primary_key=True)
    username = fields.CharField(max_length=50)
    username_key = fields.CharField(max_length=200, unique=True)
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
        """Storage."""

        table = "users"

    def __str__(self) -> str:
        """Return the name that other people see."""
        return self.username
