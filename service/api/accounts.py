"""Signing in and out, changing the post one works from, and the password."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, JSONBody
from litestar.response import Redirect, Template
from msgspec import Meta, Struct

from domain.case import Role
from domain.refusals import refusal
from service.access import DESKS, Post, Who
from service.accounts import Account, PasswordRefused, SignInFailed, TooManyTries
from service.api.kept import Kept, unpacked
from service.places import Place
from service.problems import Trouble

Page = Template | Redirect
Short = Annotated[str, Meta(max_length=1000)]


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants in. `tenant` is the code of the kabupaten; the first one served here when left out."""

    login: Short
    password: Short
    tenant: str | None = None


class Held(Struct, frozen=True):
    """A post one may work from."""

    post: UUID
    role: Role
    unit: str
    name: str


class Me(Struct, frozen=True):
    """Who is signed in, and in which post."""

    account: UUID
    name: str
    tenant: str
    now: Held
    others: tuple[Held, ...]
    desks: tuple[Role, ...]


@get("/me", sync_to_thread=False, tags=["accounts"])
def me(who: NamedDependency[Who]) -> Me:
    """Who is signed in, the post they work from, and the posts they may change to."""
    return Me(who.account, who.name, who.tenant, _held(who.post), tuple(_held(p) for p in who.others), DESKS[who.role])


@post("/sign-in", opt={"open": True}, status_code=200, tags=["accounts"])
async def sign_in(request: Request[Any, Any, Any], data: JSONBody[SignIn]) -> Me:
    """Sign in. Any GET sets a cookie `csrf`; send it back as header `x-csrf-token` here and with all that writes."""
    account, held = await _signed_in(request, data)
    place: Place = request.app.state.places[data.tenant or _first(request)]
    known = await _thread(request, place.accounts.who, account.id, held.id)
    if known is None:
        raise Trouble(401, "wrong-password")
    return Me(known.account, known.name, known.tenant, _held(held), tuple(map(_held, known.others)), DESKS[known.role])


@post("/sign-out", status_code=204, tags=["accounts"])
async def sign_out(request: Request[Any, Any, Any]) -> None:
    """End this session; it is closed everywhere within two seconds."""
    request.clear_session()


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """The post to work from."""

    post: UUID


@post("/me/post", status_code=204, tags=["accounts"])
async def change_post(request: Request[Any, Any, Any], who: NamedDependency[Who], data: JSONBody[Change]) -> None:
    """Work from another of one's own posts."""
    _change(request, who, data.post)


def _change(request: Request[Any, Any, Any], who: Who, post: UUID) -> None:
    if post not in {p.id for p in (who.post, *who.others)}:
        raise Trouble(404, "not-found")
    request.set_session({**request.session, "post": str(post)})


def _held(post: Post) -> Held:
    return Held(post.id, post.role, post.unit.code, post.unit.name)


def _first(request: Request[Any, Any, Any]) -> str:
    return str(next(iter(request.app.state.places)))


async def _signed_in(request: Request[Any, Any, Any], data: SignIn) -> tuple[Account, Post]:
    """Passwords are hashed in threads of their own, few at once: each takes 64 MiB."""
    tenant = data.tenant or _first(request)
    place: Place | None = request.app.state.places.get(tenant)
    if place is None:
        raise Trouble(401, "wrong-password")
    address = request.client.host if request.client else "?"
    attempt = partial(place.accounts.sign_in, data.login, data.password, address)
    try:
        account, held = await asyncio.get_running_loop().run_in_executor(request.app.state.hashing, attempt)
    except SignInFailed:
        raise Trouble(401, "wrong-password") from None
    except TooManyTries:
        raise Trouble(429, "too-often") from None
    request.set_session({"tenant": tenant, "account": str(account.id), "post": str(held.id)})
    return account, held


async def _thread(_request: Request[Any, Any, Any], call: Any, *args: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, partial(call, *args))


# Pages

Typed = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/masuk", opt={"open": True}, include_in_schema=False, sync_to_thread=False)
def sign_in_page(request: Request[Any, Any, Any]) -> Page:
    """The sign-in page."""
    if request.user is not None:
        return Redirect("/", status_code=303)
    return page(request)


def page(
    request: Request[Any, Any, Any], problem: str = "", login: str = "", status: int = 200, kept: Kept | None = None
) -> Template:
    """The sign-in page, with what went wrong, and with what was typed elsewhere when the session ended."""
    places: dict[str, Place] = request.app.state.places
    return Template(
        "masuk.html",
        context={
            "problem": problem,
            "login": login,
            "tenant": _first(request),
            "tenants": [(code, place.tenant.name) for code, place in places.items()],
            "demo": request.app.state.demo,
            "kept": kept.packed() if kept else "",
        },
        status_code=status,
    )


@post("/masuk", opt={"open": True}, include_in_schema=False)
async def sign_in_by_page(request: Request[Any, Any, Any], data: Typed) -> Page:
    """Sign in from the page. The name stays where it was typed when it fails."""
    login = data.get("login", "")
    kept = unpacked(data.get("titipan", ""))
    try:
        account, _ = await _signed_in(request, SignIn(login, data.get("password", ""), data.get("tenant") or None))
    except Trouble as trouble:
        return page(request, refusal(trouble.code), login, trouble.status_code, kept)
    if kept is not None and not account.must_change:
        return Template("lanjut.html", context={"kept": kept})
    return Redirect("/sandi" if account.must_change else "/", status_code=303)


@post("/keluar", include_in_schema=False)
async def sign_out_by_page(request: Request[Any, Any, Any]) -> Redirect:
    """Sign out from the page."""
    request.clear_session()
    return Redirect("/masuk", status_code=303)


@post("/jabatan", include_in_schema=False)
async def change_post_by_page(request: Request[Any, Any, Any], who: NamedDependency[Who], data: Typed) -> Redirect:
    """Change the post from the page."""
    try:
        _change(request, who, UUID(data.get("post", "")))
    except ValueError:
        raise Trouble(404, "not-found") from None
    return Redirect("/", status_code=303)


@get("/sandi", include_in_schema=False, sync_to_thread=False)
def password_page(who: NamedDependency[Who]) -> Template:
    """The page to change one's password."""
    return Template("sandi.html", context={"who": who})


@post("/sandi", include_in_schema=False)
async def change_password(
    request: Request[Any, Any, Any], who: NamedDependency[Who], place: NamedDependency[Place], data: Typed
) -> Page:
    """Change one's own password."""
    change = partial(place.accounts.change_password, who.account, data.get("old", ""), data.get("new", ""))
    try:
        await asyncio.get_running_loop().run_in_executor(request.app.state.hashing, change)
    except PasswordRefused as refused:
        context = {"who": who, "problem": refusal(refused.code)}
        return Template("sandi.html", context=context, status_code=422)
    return Redirect("/?kabar=sandi", status_code=303)


HANDLERS = (
    me, sign_in, sign_out, change_post, sign_in_page, sign_in_by_page, sign_out_by_page, change_post_by_page,
    password_page, change_password,
)  # fmt: skip
