"""HTTP: middleware, errors, health, documentation, shared types. Independent of all parts."""
