"""Models as text."""

from collections.abc import Iterable


def model(name: str, lines: Iterable[str], meta: Iterable[str] = (), words: str = "") -> str:
    """Return a model.

    Args:
        name: The name of its class.
        lines: Its fields.
        meta: The lines of its class `Meta`.
        words: Its docstring, with quotation marks.
    """
    inside = "".join(f"    {line}\n" for line in lines)
    options = "".join(f"        {line}\n" for line in meta)
    options = f"\n    class Meta:\n{options}" if options else ""
    document = f"    {words}\n\n" if words else ""
    return f"\n\nclass {name}(Model):\n{document}{inside}{options}"


def raw(types: Iterable[str]) -> str:
    """Return a model with columns of types that Tortoise does not know."""
    lines = []
    for number, each in enumerate(types):
        lines += [f"must_{number} = raw({each!r})()", f"may_{number} = raw({each!r})(null=True)"]
    return model("Raw", lines)


def partial(more: str) -> str:
    """Return a model with partial indexes and indexes of expressions, and more indexes."""
    return model(
        "Indexed",
        [
            "a = fields.CharField(20)",
            "b = fields.IntField(null=True)",
            "c = fields.BooleanField()",
            'd = fields.CharField(20, source_field="D")',
        ],
        [
            (
                'indexes = [PartialIndex(fields=("a",), condition={"b": 1}),'
                ' PartialIndex(fields=("a", "b"), condition={"b": 1, "a": "it\'s"}, name="mine"),'
                " Index(Lower(\"a\"), name='lower_a'), Index(Coalesce(\"a\", 'x'), name='x_a'),"
                ' Index(Upper("a"), F("b"), name=\'upper_a\'),'
                f' Index(fields=("c",)), Index(fields=("c", "a"), name="c_a"){more}]'
            )
        ],
    )
