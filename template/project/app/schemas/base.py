"""What all schemas share."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item")


class Input(BaseModel):
    """A body that a client sends. Unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


def absent() -> Any:  # noqa: ANN401 - it stands where any type of field may stand
    """Return the default of a field that may be left out and may not be null."""
    return None


class Output(BaseModel):
    """A body that the service sends, read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)


class Page(Output, Generic[Item]):
    """One page of a list. Pages are counted from 1."""

    items: list[Item]
    total: int
    page: int
    pages: int
