
API keys that are still valid, and that you can revoke when you set a password by a link:
{keys}
