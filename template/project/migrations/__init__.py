"""What changes the schema, one folder for each Tortoise app."""
