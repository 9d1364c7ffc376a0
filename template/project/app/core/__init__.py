"""Machinery that knows no noun of the service and imports nothing of it."""
