"""What checks each push."""
