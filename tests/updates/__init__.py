"""Updates of rendered services: later versions of the template, other answers."""
