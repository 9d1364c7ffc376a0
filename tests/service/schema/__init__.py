"""Everyday changes of models, tried on every database with each tool that writes migrations."""
