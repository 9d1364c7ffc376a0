"""What each answer promises, question by question."""
