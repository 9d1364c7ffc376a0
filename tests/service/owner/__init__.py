"""What owners do in their first days."""
