"""Why a migration cannot be made."""


class Refused(Exception):
    """The migration cannot be made; the sentence says why and what to do."""
