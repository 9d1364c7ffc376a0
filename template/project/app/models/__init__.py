"""Your tables.

Import each model class here: this list is the Tortoise app `models`, and
`just make-migration` looks at nothing else.
"""
