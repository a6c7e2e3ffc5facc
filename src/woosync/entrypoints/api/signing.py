"""Access tokens: short-lived JWTs of one fixed algorithm, signed with the server's own secret."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt

ALGORITHM = "HS256"
ISSUER = "woosync"
AUDIENCE = "woosync-api"
LIFETIME = timedelta(minutes=15)
REQUIRED = ("iss", "aud", "exp", "nbf", "iat", "sub", "ver", "fam")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: whose it is, of which login, and the version of the user's rights."""

    user_id: int
    family: str
    version: int


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and reads access tokens; header fields that name other keys are not looked at."""

    secret: str = field(repr=False)

    def sign(
        self,
        claims: Claims,
        *,
        now: datetime,
        lifetime: timedelta = LIFETIME,
        audience: str = AUDIENCE,
    ) -> str:
        """Return a token that ends `lifetime` from now and is good for one audience."""
        payload = {
            "iss": ISSUER,
            "aud": audience,
            "sub": str(claims.user_id),
            "fam": claims.family,
            "ver": claims.version,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(payload, self.secret, ALGORITHM)

    def read(self, token: str, *, audience: str = AUDIENCE) -> Claims | None:
        """Return what a valid token of this audience says, None for any other text."""
        try:
            found = jwt.decode(
                token,
                self.secret,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=audience,
                options={"require": list(REQUIRED)},
            )
            return Claims(int(found["sub"]), str(found["fam"]), int(found["ver"]))
        except (jwt.InvalidTokenError, ValueError, TypeError):
            return None
