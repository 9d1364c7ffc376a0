"""Cost of the rendered service, as a ratio to bare FastAPI + Tortoise: `just bench`."""
