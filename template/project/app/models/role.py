"""What people may do."""

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

        app = "accounts"
        table = "roles"

    def __str__(self) -> str:
        """Return the role's name."""
        return self.name
