"""The specification of the template."""
