"""Combinations of answers: the valid ones, rows that cover them, and checks of what is rendered."""
