"""Tables, a module for each noun; `app/database.py` lists them."""
