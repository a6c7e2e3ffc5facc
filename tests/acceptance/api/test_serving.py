"""The server itself: who may call, what errors look like, and the headers of every answer."""

from acceptance.api.calling import Api


async def test_anybody_may_test_the_connection(api: Api) -> None:
    said = (await api.get("/connection/test", role="")).good()
    assert said == {"success": True, "message": "The store answers."}
    assert (await api.get("/stores/default/connection/test", role="")).good() == said
    (await api.get("/connection/test?store=nowhere")).problem(404, "unknown-store")


async def test_a_token_is_needed_and_names_its_user(api: Api) -> None:
    (await api.get("/api/auth/me", role="")).problem(401, "unauthorized")
    said = (await api.get("/api/auth/me", role="operator")).good()
    assert said == {"name": "the operator", "role": "operator"}


async def test_what_is_not_there_is_a_problem_document(api: Api) -> None:
    (await api.get("/api/nothing")).problem(404, "not-found")
    (await api.call("DELETE", "/api/auth/me")).problem(405, "method-not-allowed")
