"""Who calls: for now only the answer to that question."""

from woosync.entrypoints.api import access, routing, schemas

router = routing.guarded("/api/auth", "login")


class Me(schemas.Answer):
    """The caller."""

    name: str
    role: str


@router.get("/me", response_model=Me)
async def me(who: access.Who) -> Me:
    """Say whose token this is."""
    return Me(name=who.name, role=who.role.name.lower())
