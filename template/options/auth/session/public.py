    ("GET", "/sign-in"),
    ("POST", "/api/auth/session"),
