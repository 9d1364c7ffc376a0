"""What the tests know of each database, in a package for each."""
