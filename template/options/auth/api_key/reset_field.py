    revoke_api_keys: Annotated[bool, Field(strict=True)] = False
