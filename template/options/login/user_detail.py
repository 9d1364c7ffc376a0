    email_verified: bool
