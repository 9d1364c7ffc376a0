"""Every combination of answers: the valid ones, rows that cover them, and their proofs."""
