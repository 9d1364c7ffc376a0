"""What makes, tries and measures the template: `just` names each."""
