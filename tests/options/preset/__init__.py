"""Which answers are proposed."""
