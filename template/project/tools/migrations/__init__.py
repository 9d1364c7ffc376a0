"""The planner: writes migrations that make exactly the tables that the models describe.

aerich applies the files. The planner compares two scratch databases, one made by the files
and one by the models, both read from the server's own catalogue: so nothing differs that the
server does not tell apart, and what was written is tried, there and back, before it is kept.
"""
