"""Notes."""

from tortoise import fields
from tortoise.models import Model

from app.accounts.models import User


class Note(Model):
    """A text that belongs to one user."""

    id = fields.BigIntField(primary_key=True)
    # "models" is the Tortoise app of the models of all parts.
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="notes", on_delete=fields.CASCADE
    )
    title = fields.CharField(max_length=200)
    body = fields.TextField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta(Model.Meta):
        table = "notes"
        indexes = (("owner_id", "created_at"),)  # for the list in its default order
