"""Coarse work on a Ray cluster, where `TANDEM_RAY_ADDRESS` names one; nothing of Ray is imported where it does not.

`local` is a Ray of its own on this machine, `auto` the one that runs here or that RAY_ADDRESS names, `HOST:PORT` a cluster of which
this machine is a node, `ray://HOST:PORT` one that is reached from outside. Plain functions, without prefect-ray: a refresh embeds
inside its one transaction, which runs without Prefect.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, TypeVar

import tandem
from tandem.errors import Refused
from tasks.workspace import Settings

CONNECT_S = 5.0
START_S = 120.0  # until the first worker is up: a node may have to be started for it
RETRIES = 2  # of a piece whose worker died
STORE_BYTES = 128 << 20  # of a Ray of our own: results are small
PORTS = {"ray": 10001, "": 6379}
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"  # of a gRPC client; the server answers with its settings
UNSET = "or unset TANDEM_RAY_ADDRESS to work in this process"

Held = TypeVar("Held")
Piece = TypeVar("Piece")
Result = TypeVar("Result")


def connect(settings: Settings) -> Any:
    """Ray, connected once a process. Raises Refused where it is not installed, or does not answer in time."""
    if find_spec("ray") is None:
        raise Refused(
            f"TANDEM_RAY_ADDRESS is {settings.ray_address!r}, but ray is not installed",
            hint=f"Run `pip install 'tandem-rag-lora[ray]'`, {UNSET}.",
        )
    return _connect(str(settings.ray_address))


def disconnect() -> None:
    """Leave the cluster, and stop a Ray of our own."""
    if _connect.cache_info().currsize:
        import ray

        _connect.cache_clear()
        ray.shutdown()


@cache
def _connect(address: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # without it Ray warns on stderr
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == "local":
        options |= {"include_dashboard": False, "object_store_memory": STORE_BYTES}
    else:
        _reach(os.environ.get("RAY_ADDRESS", address) if address == "auto" else address)
    on_term = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address, **options)
    except Exception as error:  # Ray raises a bare Exception where a node of its own does not come up within its 30 s
        raise _unreachable(address, str(error)) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, on_term)  # Ray puts its own in place
    return ray


def _reach(address: str) -> None:
    """Raises Refused where nothing that speaks gRPC answers at once: Ray itself would try for minutes."""
    scheme, _, place = address.rpartition("://")
    if place == "auto":
        return
    host, _, port = place.rpartition(":") if ":" in place else (place, "", "")
    try:
        with socket.create_connection((host, int(port or PORTS[scheme])), timeout=CONNECT_S) as connection:
            if not os.environ.get("RAY_USE_TLS"):
                connection.settimeout(CONNECT_S)
                connection.sendall(GREETING)
                if connection.recv(4)[3:] != b"\4":
                    raise _unreachable(address, "what answers there is no Ray")
    except (OSError, ValueError, KeyError) as error:
        raise _unreachable(address, f"{type(error).__name__} within {CONNECT_S:.0f} s: {error}") from error


def _unreachable(address: str, why: str) -> Refused:
    return Refused(
        f"Ray cannot be reached at TANDEM_RAY_ADDRESS = {address!r}: {' '.join(why.split())[:300]}",
        hint="See with `ray status --address HOST:PORT` whether it runs (`ray start --head` starts one), give this process its token "
        f"(RAY_AUTH_MODE=token and RAY_AUTH_TOKEN), {UNSET}.",
    )


def spread(
    settings: Settings, load: Callable[[Settings], Held], work: Callable[[Held, Piece], Result], pieces: Sequence[Piece]
) -> Iterator[Result]:
    """`work(load(settings), piece)` of every piece, in their order, each as soon as it and those before it are done.

    Each worker process loads once. One that dies is replaced and its piece done again, `RETRIES` times. Raises Refused as `work` does,
    with the node's address, and where no worker starts or they keep dying.
    """
    ray = connect(settings)
    share, n_workers, theirs = _share(settings, ray.cluster_resources())
    todo, done, deaths, n_given = deque(enumerate(pieces)), dict[int, Result](), Counter[int | None](), 0
    busy: dict[Any, tuple[Any, int | None]] = {}  # by what is waited for: the worker, and its piece once it is up
    workers: list[Any] = []

    def start() -> None:
        workers.append(ray.remote(**share)(Worker).remote(load, work, theirs, os.getcwd()))
        busy[workers[-1].describe.remote()] = (workers[-1], None)

    try:
        for _ in range(min(n_workers, len(pieces))):
            start()
        while n_given < len(pieces):
            is_working = any(at is not None for _, at in busy.values())
            ready, _ = ray.wait(list(busy), num_returns=1, timeout=None if is_working else START_S)
            if not ready:
                raise _nobody(share, ray)
            worker, at = busy.pop(ready[0])
            try:
                outcome = _outcome(ray, ready[0])
            except ray.exceptions.RayError as death:
                deaths[at] += 1
                if deaths[at] > RETRIES:
                    raise _died(at, len(pieces), death) from death
                todo.extendleft([] if at is None else [(at, pieces[at])])
                if todo:
                    start()
                continue
            if at is None:
                _hold_to_our_version(*outcome)
            else:
                done[at] = outcome
            if todo:
                number, piece = todo.popleft()
                busy[worker.do.remote(piece)] = (worker, number)
            while n_given in done:
                yield done.pop(n_given)
                n_given += 1
    except ConnectionError as error:
        _connect.cache_clear()
        raise _unreachable(str(settings.ray_address), str(error)) from error
    finally:
        for worker in workers:
            with suppress(ray.exceptions.RayError, ConnectionError):  # the connection may be what failed
                ray.kill(worker)


def _share(settings: Settings, resources: Mapping[str, float]) -> tuple[dict[str, int], int, Settings]:
    """What each worker asks for, how many there are at most (one a GPU, else one for every `threads` CPUs), and their settings, in which
    there is no key and no address: what needs one is not spread."""
    n_gpus = int(resources.get("GPU", 0)) if settings.device == "auto" or settings.device.startswith("cuda") else 0
    n_cpus = settings.threads or 1
    n_workers = settings.ray_workers or n_gpus or max(1, int(resources.get("CPU", 1)) // n_cpus)
    theirs = Settings.model_construct(device="auto" if n_gpus else settings.device, threads=settings.threads, cache_dir=settings.cache_dir)
    return {"num_cpus": n_cpus, "num_gpus": min(n_gpus, 1)}, n_workers, theirs


class Worker(Generic[Held, Piece, Result]):
    """A process on some node that holds what `load` gave it. A refusal is told with the node's address."""

    def __init__(self, load: Callable[[Settings], Held], work: Callable[[Held, Piece], Result], settings: Settings, folder: str):
        self._load, self._work, self._settings = load, work, settings
        self._held: list[Held] = []
        with suppress(OSError):  # params may name a model by a relative path
            os.chdir(folder)

    def describe(self) -> tuple[str, str]:
        """The node's address, and what runs there."""
        return _node(), running_version()

    def do(self, piece: Piece) -> Result:
        """One piece; before the first one, what they need is loaded."""
        try:
            if not self._held:
                self._held.append(self._load(self._settings))
            return self._work(self._held[0], piece)
        except Refused as refusal:
            raise Refused(*refusal.reasons, f"This is what the Ray worker on {_node()} met", hint=refusal.hint) from refusal


def _node() -> str:
    import ray

    return str(ray.util.get_node_ip_address())


def running_version() -> str:
    """Tandem's version with a digest of its code, and the versions of what its results depend on."""
    code = hashlib.sha256()
    for folder in (Path(tandem.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            code.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    libraries = [f"{name} {version(name).split('+')[0]}" for name in ("torch", "transformers", "peft")]
    return ", ".join([f"Tandem {version('tandem-rag-lora')} ({code.hexdigest()[:10]})", *libraries])


def _hold_to_our_version(node: str, theirs: str) -> None:
    if theirs != (ours := running_version()):
        raise Refused(
            f"the Ray worker on {node} runs {theirs}; this process runs {ours}",
            hint=f"Install the same version on every node, {UNSET}.",
        )


def _outcome(ray: Any, reference: Any) -> Any:
    """Raises what the work raised, as it was raised, and RayError where the worker is gone."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error


def _died(at: int | None, n: int, death: Exception) -> Refused:
    where = "as soon as it was started" if at is None else f"at piece {at + 1} of {n}"
    return Refused(
        f"a Ray worker died {where}, {RETRIES + 1} times: {' '.join(str(death).split())[:400]}",
        hint=f"What it was doing is in Ray's logs (/tmp/ray/session_latest/logs on its node); run the same command again, {UNSET}.",
    )


def _nobody(share: Mapping[str, int], ray: Any) -> Refused:
    def shown(resources: Mapping[str, float]) -> str:
        return f"{resources.get('CPU', 0):.0f} CPUs and {resources.get('GPU', 0):.0f} GPUs"

    return Refused(
        f"no Ray worker started within {START_S:.0f} s: each asks for {share['num_cpus']} CPUs and {share['num_gpus']} GPUs, "
        f"the cluster has {shown(ray.cluster_resources())}, free are {shown(ray.available_resources())}",
        hint=f"Wait until others are done, start nodes, set TANDEM_THREADS or TANDEM_DEVICE=cpu to ask for less, {UNSET}.",
    )
