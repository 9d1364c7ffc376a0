"""Promises of each answer, question by question."""
