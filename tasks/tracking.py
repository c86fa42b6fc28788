"""The connection to MLflow: reached or refused at once, quiet, with absolute paths; and the outbox for records it could not take."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from filelock import FileLock

from tandem.errors import Refused
from tasks.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

CONNECT_TIMEOUT_S = 3.0
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # stdout belongs to --json
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # seven by default: minutes of silence
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "GIT_PYTHON_REFRESH": "quiet",
}

_making = threading.Lock()
_made: set[str] = set()  # the SQLite stores that this process has had a client of


@contextmanager
def experiment(workspace: Workspace) -> Iterator[str]:
    """Point MLflow at the workspace's store and give the id of its experiment, made on first use.

    The address stays set afterwards: it is global, and another thread may be logging. Raises Refused where the store cannot be
    reached or refuses a write; what MLflow raises inside the block is refused the same way.
    """
    with _refusing(workspace):
        client = _client(workspace)
        import mlflow

        mlflow.set_tracking_uri(workspace.tracking_uri)
        yield _experiment_id(client, workspace)


@contextmanager
def connected(workspace: Workspace) -> Iterator[MlflowClient]:
    """A client of the workspace's store that leaves MLflow's global address alone. Raises Refused like `experiment`."""
    with _refusing(workspace):
        yield _client(workspace)


def experiment_id(workspace: Workspace) -> str:
    """The id of the workspace's experiment, made on first use."""
    with connected(workspace) as client:
        return _experiment_id(client, workspace)


def page_of(workspace: Workspace, run_id: str, artifact: str) -> str | None:
    """Where the tracking server's page shows an artifact of a run, without the password of its address; None where no server runs."""
    server = urlsplit(workspace.tracking_uri)
    if server.scheme not in ("http", "https"):
        return None
    base = f"{server.scheme}://{server.netloc.rpartition('@')[2]}{server.path.rstrip('/')}"
    return f"{base}/#/experiments/{experiment_id(workspace)}/runs/{run_id}/artifacts/{artifact}"


def begun(workspace: Workspace) -> bool:
    """False while the workspace's own store does not exist yet: making it takes seconds, and it would hold nothing."""
    return bool(workspace.settings.tracking_uri) or (workspace.state_dir / "mlflow.db").is_file()


def quoted(name: str) -> str:
    """A name as MLflow's search filters take it."""
    return f'"{name}"' if "'" in name else f"'{name}'"


def put_aside(workspace: Workspace, kind: str, record: Mapping[str, Any], why: Exception) -> Path:
    """Write a record that MLflow could not take to `.tandem/outbox/`, whole or not at all; `registry.flush_outbox` replays it."""
    outbox = workspace.state_dir / "outbox"
    outbox.mkdir(parents=True, exist_ok=True)
    path = outbox / f"{time.time_ns()}-{kind}-{uuid.uuid4().hex[:8]}.json"
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps({"kind": kind, "why": f"{type(why).__name__}: {why}", "record": record}, default=str), encoding="utf-8")
    partial.replace(path)
    return path


def set_aside(workspace: Workspace) -> list[Path]:
    """The outbox, oldest first."""
    return sorted((workspace.state_dir / "outbox").glob("*.json"))


def _client(workspace: Workspace) -> MlflowClient:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    _knock(workspace)
    from mlflow import MlflowClient

    uri = workspace.tracking_uri
    with _making_once(uri):
        return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def _making_once(uri: str) -> Iterator[None]:
    """A process's first client of a SQLite store makes or migrates it. Two that do so at once break it for good, so one waits."""
    if uri in _made or not uri.startswith("sqlite"):
        yield
        return
    with _making, FileLock(f"{_sqlite_path(uri)}.lock"):
        yield
        _made.add(uri)


def _sqlite_path(uri: str) -> Path:
    return Path(uri.split(":///", 1)[-1].split("?")[0])


def _knock(workspace: Workspace) -> None:
    """Fail in seconds where MLflow itself would retry for minutes."""
    uri = workspace.tracking_uri
    parts = urlsplit(uri)
    scheme = parts.scheme.split("+")[0]
    if scheme == "sqlite":
        if not workspace.settings.tracking_uri:
            workspace.state_dir.mkdir(parents=True, exist_ok=True)
        _knock_sqlite(uri, _sqlite_path(uri))
    elif scheme in PORTS:
        address = (parts.hostname or "localhost", parts.port or PORTS[scheme])
        try:
            socket.create_connection(address, timeout=CONNECT_TIMEOUT_S).close()
        except OSError as error:
            raise _unreachable(uri, f"nothing answers at {address[0]}:{address[1]} within {CONNECT_TIMEOUT_S:.0f} s ({error})") from error


def _knock_sqlite(uri: str, path: Path) -> None:
    import sqlite3

    folder = path.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise _unreachable(uri, f"its folder {folder} {'is read-only' if folder.is_dir() else 'does not exist'}")
    try:
        with closing(sqlite3.connect(path, timeout=CONNECT_TIMEOUT_S)) as store:
            store.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        raise _unreachable(uri, str(error)) from error


@contextmanager
def _refusing(workspace: Workspace) -> Iterator[None]:
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and type(error).__module__.split(".")[0] not in ("mlflow", "sqlalchemy", "alembic"):
            raise
        raise _unreachable(workspace.tracking_uri, ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]])) from error


def _unreachable(uri: str, why: str) -> Refused:
    shown = re.sub(r"//[^/@]*@", "//***@", uri)
    return Refused(
        f"MLflow at {shown} failed: {why}",
        hint="Check TANDEM_TRACKING_URI and that the server runs, then try again; `tandem status` shows the address.",
    )


def _experiment_id(client: MlflowClient, workspace: Workspace) -> str:
    found = client.get_experiment_by_name(workspace.name)
    if found is None:
        from mlflow.exceptions import MlflowException

        try:
            return str(client.create_experiment(workspace.name, artifact_location=workspace.artifact_uri))
        except MlflowException:  # another process made it in between
            found = client.get_experiment_by_name(workspace.name)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)
