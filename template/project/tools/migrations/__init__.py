"""The planner: writes migrations that create exactly the tables that the models describe.

aerich applies the files. The planner compares two scratch databases, one created by the files
and one by the models, as the server's catalogue describes them. Before a file is kept, it is
applied and undone in a scratch database, and the results are compared.
"""
