"""What enters and leaves over HTTP."""
