"""The generator of resources: a part in the pattern of `pattern/`, which is yours to change."""
