"""The planner: writes migrations that make exactly the tables that the models describe.

aerich applies the files. In a scratch database the planner compares the tables that the files
make with those that the models make, read from the server's own catalogue: so nothing differs
that the server does not tell apart. What was written is tried, there and back, before it is kept.
"""
