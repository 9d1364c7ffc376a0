"""The planner: writes migrations that create exactly the tables that the models describe.

aerich applies the files. In a scratch database the planner compares the tables that the files
create with those that the models create, as the server's catalogue describes them. Before a file
is kept, it is applied and undone in a scratch database, and the results are compared.
"""
