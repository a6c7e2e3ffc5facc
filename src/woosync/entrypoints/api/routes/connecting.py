"""Connecting a store without copying keys: its owner agrees in the shop, which sends them."""

import fastapi
from fastapi.responses import PlainTextResponse

from woosync import bootstrap
from woosync.entrypoints.api import (
    access,
    dependencies,
    handover,
    routing,
    schemas,
    starting,
    store_models,
)
from woosync.postgres import stores
from woosync.settings import BadSettingsError
from woosync.woo import address, options

PATH = f"{starting.BASE}/stores/connect"
router = fastapi.APIRouter()
_asked = routing.guarded(PATH, "stores", role=access.ADMIN)
_open = routing.unguarded(PATH, "stores")


@_asked.post("", response_model=store_models.HandOver)
async def connect(
    request: fastapi.Request,
    opened: dependencies.Opened,
    served: dependencies.Served,
    body: store_models.Connect,
) -> store_models.HandOver:
    """Begin WooCommerce's own hand-over of keys; open `authorizeUrl` as an administrator there."""
    url = address.normalise(body.url, allow_private=opened.settings.allow_private_stores)
    here = opened.settings.public_url or str(request.base_url).rstrip("/")
    if not here.startswith("https://") and not opened.settings.allow_private_stores:
        raise BadSettingsError(
            "WooCommerce hands keys over to https addresses alone.",
            remedy="Set WOOSYNC_PUBLIC_URL to the address of this server, such as "
            "https://sync.example.",
        )
    state = handover.State(body.key, url, handover.before(await _known(opened, body.key)))
    signed = handover.sign(served.signer, state, now=opened.clock())
    return store_models.HandOver(
        authorize_url=handover.address(
            url,
            signed,
            callback=f"{here}{PATH}/callback",
            done=f"{here}{PATH}/done",
        )
    )


@_open.post("/callback", responses={403: schemas.PROBLEMS[403]})
async def take_keys(
    opened: dependencies.Opened, served: dependencies.Served, body: store_models.Keys
) -> dict[str, bool]:
    """Take the keys that WooCommerce sends at the end of a hand-over that was begun here."""
    state = handover.read(served.signer, body.user_id)
    known = await _known(opened, state.key)
    if handover.before(known) != state.before:
        raise stores.StoreExistsError(
            "This hand-over has been completed already.", remedy="Begin again to change keys."
        )
    private = opened.settings.allow_private_stores
    plain = {"consumer_key": body.consumer_key, "consumer_secret": body.consumer_secret}
    values: dict[str, object] = {
        "url": address.normalise(state.url, allow_private=private),
        "allow_private": private,
        "auth_mode": options.AuthMode.AUTO.value,
        "capabilities": {},
        **opened.sealed(state.key, plain),
    }
    async with opened.database.transaction() as tx:
        if known is None:
            await stores.save_new(tx, state.key, values)
        else:
            await stores.save(tx, known.id, values)
    return {"success": True}


@_open.get("/done", response_class=PlainTextResponse)
async def connected() -> str:
    """Tell the owner that the shop's page may be closed."""
    return "Thank you. You may close this page."


async def _known(opened: bootstrap.Application, key: str) -> stores.Store | None:
    async with opened.database.transaction() as tx:
        return next((one for one in await stores.load_all(tx) if one.key == key), None)


router.include_router(_asked)
router.include_router(_open)
