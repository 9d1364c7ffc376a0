"""Ways to sign in."""

from app.auth.cli import commands
from app.auth.jwt import authenticate, router, scheme
from app.services.role import store_built_in as after_migrate

__all__ = ["after_migrate", "authenticate", "commands", "router", "scheme"]
