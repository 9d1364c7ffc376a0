"""R2a: the list of R2 for callers with a bearer token, as FastAPI's tutorial has it.

The dependency decodes a JWT and fetches the user that it names; it asks for no
permission. `reference.sha256` holds this file as it is.
"""

import os
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, status
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt

from tools.bench.reference import User, UserPage, lifespan
from tools.bench.reference import list_users as list_users_of_r2

SECRET_KEY = os.environ["SECRET_KEY"]

app = FastAPI(lifespan=lifespan)
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


async def get_current_user(token: Annotated[str, Depends(oauth2_scheme)]) -> User:
    """Return the user that the token names."""
    refusal = HTTPException(
        status_code=status.HTTP_401_UNAUTHORIZED,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        payload = jwt.decode(token, SECRET_KEY, algorithms=["HS256"])
    except JWTError as error:
        raise refusal from error
    user = await User.get_or_none(id=payload.get("sub"))
    if user is None:
        raise refusal
    return user


@app.get("/api/users", response_model=UserPage)
async def list_users(
    _user: Annotated[User, Depends(get_current_user)],
    page: Annotated[int, Query(ge=1)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Return accounts, the oldest first, to anyone who is signed in."""
    return await list_users_of_r2(page, size)
