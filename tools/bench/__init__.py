"""What the rendered service costs, as a ratio to bare FastAPI + Tortoise: `just bench`."""
