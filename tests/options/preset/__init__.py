"""Presets: answers that are proposed together."""
