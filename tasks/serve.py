"""The champion over HTTP, for callers that are trusted to say who asks: nobody is authenticated here. Run: tandem serve."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import unicodedata
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tandem.errors import Refused
from tasks.answer import Asked
from tasks.served import Served, Unavailable
from tasks.traffic import feedback, settle
from tasks.workspace import Workspace

MAX_BODY_BYTES = 65_536
GRACE_S = 30  # for answers that are under way when the end is asked for
LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}
PAGE_POLICY = "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'"


def _printable(text: str) -> str:
    for at, char in enumerate(text):
        if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\r\t":
            raise ValueError(f"character {at} is the control character U+{ord(char):04X}")
    return text


Text = Annotated[str, AfterValidator(_printable)]
Name = Annotated[Text, Field(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Field(max_length=50)]


class Body(BaseModel):
    """A request that holds nothing unknown."""

    model_config = ConfigDict(extra="forbid")


class Question(Body):
    """`roles` are believed: set them in the service in front that knows who asks, never from what a user sent."""

    question: Text
    roles: Names = ()
    collections: Names = ()


class Verdict(Body):
    """A user's verdict on the answer that came with `trace_id`."""

    trace_id: Annotated[str, Field(pattern="^tr-[0-9a-f]{32}$")]
    verdict: Literal["good", "bad"]
    comment: Annotated[Text, Field(max_length=2_000)] = ""


def serve(workspace: Workspace, host: str, port: int, say: Callable[[str], None]) -> None:
    """Answer until SIGINT or SIGTERM. Raises Refused where the port cannot be had."""
    listener = listen(host, port)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    served = Served(workspace, say)
    config = uvicorn.Config(
        make_app(served, is_local=_is_local(listener)),
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)
    ended = Event()
    thread = Thread(target=_run, args=(server, listener, ended), name="tandem-http")  # not the main one: uvicorn then leaves signals alone
    try:
        thread.start()
        say(f"listening on {address_of(listener)}" + ("" if _is_local(listener) else ": whoever reaches it may ask with any role"))
        while not ended.wait(served.look()):  # a join that a signal interrupts takes the thread for ended (bpo-45274)
            pass
        raise Refused("the HTTP server has ended by itself", hint="What it printed says why; run `tandem serve` again.")
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        say("stopping: answering what has been asked")
    finally:
        server.should_exit = True
        thread.join()
        served.close()
        settle()


def _run(server: uvicorn.Server, listener: socket.socket, ended: Event) -> None:
    try:
        server.run([listener])
    finally:
        ended.set()


def listen(host: str, port: int) -> socket.socket:
    """The socket, bound before anything is loaded. Raises Refused where that fails."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Refused(
            f"{host}:{port} cannot be listened on: {error.strerror or error}",
            hint="Pass another --port (0: any that is free) or --host, or stop what listens there.",
        ) from error


def address_of(listener: socket.socket) -> str:
    """`http://127.0.0.1:8080`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_local(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def make_app(served: Served, is_local: bool = False) -> FastAPI:
    """The endpoints. Every refusal is `{"detail": reason}`. `is_local`: only names of this machine are answered to, or a page elsewhere
    could ask through a browser that runs here (DNS rebinding)."""
    app = FastAPI(title=f"Tandem: {served.workspace.name}", docs_url=None, redoc_url=None)
    page = Path(__file__).with_name("serve.html").read_text(encoding="utf-8")

    @app.get("/", include_in_schema=False)
    def ask_page() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"})

    @app.get("/health")
    def health() -> JSONResponse:
        try:
            return JSONResponse(served.health())
        except Unavailable as refusal:
            return _refusal(503, refusal.paragraph())

    @app.post("/ask")
    async def ask(body: Question) -> JSONResponse:
        try:
            answering = served.submit(Asked(body.question, body.roles, body.collections))
        except Unavailable as refusal:
            return _refusal(503, refusal.paragraph())
        except Refused as refusal:
            return _refusal(422, refusal.paragraph())
        try:
            return JSONResponse(await asyncio.wrap_future(answering))
        except Refused as refusal:
            return _refusal(503, refusal.paragraph())

    @app.post("/feedback")
    def take_feedback(body: Verdict) -> JSONResponse:
        try:
            feedback(served.workspace, body.trace_id, body.verdict == "good", body.comment)
        except Refused as refusal:
            return _refusal(404, refusal.paragraph())
        return JSONResponse({"trace_id": body.trace_id, "verdict": body.verdict})

    @app.middleware("http")
    async def look_at_headers(request: Request, handle: Callable[..., Any]) -> Response:
        if is_local and request.url.hostname not in LOCAL_NAMES:
            seen = f"asked as {request.url.hostname}, and only this machine is listened to: ask as localhost or 127.0.0.1"
            return _refusal(403, f"{seen}; a proxy here must send one of them as its Host")
        length = request.headers.get("content-length", "")
        if request.method == "POST" and not length.isdigit():
            return _refusal(411, "the request does not say how long it is: send Content-Length")
        if request.method == "POST" and int(length) > MAX_BODY_BYTES:
            return _refusal(413, f"the request has {int(length):,} bytes, the limit is {MAX_BODY_BYTES:,}")
        return await handle(request)

    @app.exception_handler(Exception)
    async def fail(_: Request, error: Exception) -> JSONResponse:
        return _refusal(500, f"this is a fault of the server, whose log has more: {type(error).__name__}")

    @app.exception_handler(RequestValidationError)
    async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
        return _refusal(422, "; ".join(_reason(detail) for detail in error.errors()))

    return app


def _refusal(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, {"Retry-After": "1"} if status == 503 else None)


def _reason(detail: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in detail["loc"][1:])
    if detail["type"] == "extra_forbidden":
        return f"unknown key {key}"
    if detail["type"] == "missing":
        return f"{key} is missing" if key else "a JSON object is missing"
    return f"{key}: {detail['msg'].removeprefix('Value error, ')}"
