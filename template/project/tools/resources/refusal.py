"""Why a resource cannot be made or removed."""


class Refused(Exception):
    """It cannot be done; the sentence says why and what to do. Nothing was written."""
