"""Documents that changed elsewhere: the event `tandem.documents.changed` of a Prefect server, for a process that is warm already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter, EventResourceFilter
from prefect.settings import get_current_settings

from flows.engine import answers, resource_id
from flows.progress import REPORTER

DOCUMENTS_CHANGED = "tandem.documents.changed"
RECONNECT_S = 5.0


async def changed_documents(workspace_name: str) -> AsyncIterator[list[str] | None]:
    """The ids that each event names, None where it names none: any may have changed. Ends at once where no server is configured."""
    url = get_current_settings().api.url
    about = EventFilter(event=EventNameFilter(name=[DOCUMENTS_CHANGED]), resource=EventResourceFilter(id=[resource_id(workspace_name)]))
    is_down = False
    while url is not None:
        try:
            if await answers(url):
                is_down = False
                async with get_events_subscriber(filter=about) as subscriber:
                    async for event in subscriber:
                        yield ids_of(event.payload)
        except Exception as error:  # the outer edge: the server went, and whatever the client makes of that
            REPORTER.get().say(f"tandem: no more events from Prefect at {url}: {type(error).__name__}: {error}")
            is_down = True
        if not is_down:
            REPORTER.get().say(f"tandem: Prefect does not answer at {url}: its events are not heard until it does")
            is_down = True
        await asyncio.sleep(RECONNECT_S)


def ids_of(payload: dict[str, Any]) -> list[str] | None:
    """The document ids of a payload `{"changed": [...]}`; None where it holds no such list. What no file can be called is left out."""
    changed = payload.get("changed")
    if not isinstance(changed, list):
        return None
    unfit = [one for one in changed if isinstance(one, str) and not _can_be_a_file(one)]
    if unfit:
        REPORTER.get().say(f"tandem: an event names {len(unfit)} documents as no file can be called, the first {unfit[0]!r}: passed over")
    return [one for one in changed if isinstance(one, str) and one not in unfit]


def _can_be_a_file(name: str) -> bool:
    """The system refuses a NUL, and half of a surrogate pair has no bytes."""
    return "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)
