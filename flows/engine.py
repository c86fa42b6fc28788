"""How a flow runs: recorded by Prefect where a server is (or may be started), plainly where none is; the same code either way."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from prefect import Flow, task
from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.settings import get_current_settings

from flows.progress import REPORTER

HEALTH_TIMEOUT_S = 2.0


def run_flow(flow: Flow[..., Any], *, start_server: bool, **parameters: Any) -> Any:
    """Run a flow to its end and return its result.

    With a server (PREFECT_API_URL) the run is recorded there. Without one, `start_server` decides between Prefect's temporary
    server, which writes to the same database that `prefect server start` shows later, and the bare function.
    """
    return asyncio.run(_interruptible(flow, start_server, parameters, signal.getsignal(signal.SIGINT)))


async def _interruptible(flow: Flow[..., Any], start_server: bool, parameters: dict[str, Any], on_interrupt: Any) -> Any:
    # asyncio answers the first Ctrl-C by cancelling the task, which a step that computes would not notice before it is done
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, on_interrupt)
    return await _run(flow, start_server, parameters)


async def _run(flow: Flow[..., Any], start_server: bool, parameters: dict[str, Any]) -> Any:
    url = get_current_settings().api.url
    if url is None and not start_server:
        return await flow.fn(**parameters)
    if url is not None and not await answers(url):
        print(f"Prefect does not answer at {url}: running without it, nothing is recorded there", file=sys.stderr)
        return await flow.fn(**parameters)
    if url is None and os.environ.get("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true").lower() in ("false", "0"):
        return await flow.fn(**parameters)
    if url is None:
        REPORTER.get().say("Starting Prefect's temporary server, which records the run")
    try:
        async with get_client() as client:
            unhealthy = await client.api_healthcheck()
    except (RuntimeError, OSError, httpx.HTTPError) as error:
        unhealthy = error
    if unhealthy is not None:
        print(f"Prefect's temporary server did not start ({unhealthy}): running without it", file=sys.stderr)
        return await flow.fn(**parameters)
    return await flow(**parameters)


async def answers(url: str) -> bool:
    """Whether a Prefect server is there."""
    try:
        async with httpx.AsyncClient(timeout=HEALTH_TIMEOUT_S) as client:
            return (await client.get(f"{url.rstrip('/')}/health")).is_success
    except httpx.HTTPError:
        return False


async def step(work: Callable[..., Any] | Flow[..., Any], *args: Any, retries: int = 0, **kwargs: Any) -> Any:
    """One step of a flow: a Prefect task (or subflow) inside a recorded run, a plain call otherwise.

    Retries only where a second try is safe; they count inside a recorded run alone.
    """
    recorded = FlowRunContext.get() is not None
    if isinstance(work, Flow):
        result = (work if recorded else work.fn)(*args, **kwargs)
    elif recorded:
        as_task = task(name=work.__name__, retries=retries, retry_delay_seconds=1, cache_policy=NO_CACHE)
        result = as_task(work)(*args, **kwargs)
    else:
        result = work(*args, **kwargs)
    return await result if inspect.isawaitable(result) else result


async def note(key: str, markdown: str) -> None:
    """Leave a Markdown artifact on the run's page, where the run is recorded."""
    if FlowRunContext.get() is not None:
        await acreate_markdown_artifact(markdown=markdown, key=key)


async def link(key: str, address: str, text: str) -> None:
    """Leave a link artifact on the run's page, where the run is recorded."""
    if FlowRunContext.get() is not None:
        await acreate_link_artifact(link=address, link_text=text, key=key)


def tell(notes: Sequence[str]) -> None:
    """What a record could not do (push, commit), to whoever watches the run."""
    for line in notes:
        REPORTER.get().say(line)


def announce(event: str, workspace_name: str, payload: dict[str, Any]) -> None:
    """Emit an event about a workspace, where the run is recorded; deployments are triggered by it."""
    if FlowRunContext.get() is not None:
        resource = {"prefect.resource.id": resource_id(workspace_name), "prefect.resource.name": workspace_name}
        emit_event(event=event, resource=resource, payload=payload)


def resource_id(workspace_name: str) -> str:
    """What events about a workspace are about, and what triggers match."""
    return f"tandem.workspace.{workspace_name}"
