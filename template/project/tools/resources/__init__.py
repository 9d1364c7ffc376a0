"""The generator of resources, from the templates in `pattern/`, which are yours to change."""
