"""Running services under ordinary clients, attackers, and faults."""
