"""What a service holds at its birth beside accounts."""
