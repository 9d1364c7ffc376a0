"""Rendered services that live on: later versions of the template, other answers."""
