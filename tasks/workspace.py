"""A workspace: where its files are, what its params and settings say, and the one lock of its writer."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tandem.errors import Refused
from tandem.params import Params, parse_params

LOCK_POLL_S = 0.01
PROJECT = Path(__file__).resolve().parents[1]


class Busy(Refused):
    """Another process holds the lock: the same request may succeed later."""


class Settings(BaseSettings):
    """Where things live: environment variables `TANDEM_*`. Nothing here changes a result."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_")

    tracking_uri: str | None = None
    artifact_uri: str | None = None
    index_uri: str | None = None
    cache_dir: Path = Path("~/.cache/tandem")
    device: str = "auto"
    threads: int | None = None
    openai_base_url: str | None = None
    openai_api_key: str | None = None
    openai_timeout_s: float = Field(default=60.0, gt=0)
    dvc_remote: str | None = None
    ray_address: str | None = None
    ray_workers: int | None = Field(default=None, ge=1)


@dataclass(frozen=True)
class Workspace:
    """A folder with `params.yaml`, `dvc.yaml` and `data/`. All paths are absolute."""

    root: Path
    params: Params
    settings: Settings

    @property
    def name(self) -> str:
        """The registered model's name."""
        return self.params.name or self.root.name

    @property
    def documents_dir(self) -> Path:
        return self.root / "data" / "documents"

    @property
    def examples_path(self) -> Path:
        return self.root / "data" / "examples.jsonl"

    @property
    def labels_path(self) -> Path:
        """Which version of its sources each example was labelled on."""
        return self.root / "data" / "labels.json"

    @property
    def quarantine_dir(self) -> Path:
        return self.root / "data" / "quarantine"

    @property
    def state_dir(self) -> Path:
        """What git and DVC do not track: the table, the MLflow store, caches, locks."""
        return self.root / ".tandem"

    @property
    def converted_dir(self) -> Path:
        """The text of documents that had to be converted, kept between readings."""
        return self.state_dir / "cache" / "converted"

    @property
    def artifacts_dir(self) -> Path:
        """The outputs of the DVC stages."""
        return self.root / "artifacts"

    @property
    def manifest_path(self) -> Path:
        return self.artifacts_dir / "index" / "manifest.json"

    @property
    def training_set_path(self) -> Path:
        return self.artifacts_dir / "training" / "set.jsonl"

    @property
    def adapter_dir(self) -> Path:
        return self.artifacts_dir / "adapter"

    @property
    def evaluation_dir(self) -> Path:
        """`metrics.json` (a DVC metric), `scorecards.json`, `plots/`."""
        return self.artifacts_dir / "evaluation"

    @property
    def reports_dir(self) -> Path:
        return self.state_dir / "reports"

    @property
    def index_uri(self) -> str:
        return self.settings.index_uri or str(self.state_dir / "lancedb")

    @property
    def tracking_uri(self) -> str:
        return self.settings.tracking_uri or f"sqlite:///{self.state_dir / 'mlflow.db'}"

    @property
    def artifact_uri(self) -> str | None:
        """Where MLflow keeps artifacts; None when a server decides."""
        if self.settings.artifact_uri:
            return self.settings.artifact_uri
        return None if self.settings.tracking_uri else (self.state_dir / "mlartifacts").as_uri()

    @cached_property
    def cache_dir(self) -> Path:
        """Shared by all workspaces of a user: composed base models."""
        return self.settings.cache_dir.expanduser().resolve()

    @contextmanager
    def writing(self, what: str = "writer", timeout_s: float = 600) -> Iterator[None]:
        """Hold one of the workspace's locks, re-entrant in one process. Raises Busy, a Refused, when another process keeps it longer.

        `writer` guards data, index and versions and is held for moments; `training` is held for as long as a training takes.
        """
        self.state_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.state_dir / f"{what}.lock", is_singleton=True, thread_local=False)
        try:
            lock.acquire(timeout=timeout_s, poll_interval=LOCK_POLL_S)
        except Timeout as error:
            raise Busy(
                f"another process has held the {what} lock of {self.root} for more than {timeout_s:.0f} s",
                hint="Wait for it, or stop it, and run again.",
            ) from error
        try:
            yield
        finally:
            lock.release()


def open_workspace(path: str | Path = ".") -> Workspace:
    """The workspace at `path`. Raises Refused where the folder is none, cannot be written, or its params do not hold."""
    root = Path(path).expanduser().resolve()
    missing = [name for name in ("params.yaml", "dvc.yaml") if not (root / name).is_file()]
    if missing:
        raise Refused(
            f"{root} is no workspace: {' and '.join(missing)} missing",
            hint="Run `tandem init DIR --documents PATH --examples PATH`, or pass --workspace DIR.",
        )
    if not os.access(root, os.W_OK):
        raise Refused(f"{root} is read-only for this user", hint="Make it writable (chmod u+w) or copy the workspace elsewhere.")
    params = parse_params((root / "params.yaml").read_text(encoding="utf-8"), str(root / "params.yaml"))
    workspace = Workspace(root, params, read_settings())
    for folder in (workspace.training_set_path.parent, workspace.adapter_dir, workspace.evaluation_dir):
        finish_swap(folder)
    return workspace


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which then takes the place of `folder`; where filling it fails, `folder` stays as it was.

    Killed at any line, the old content or the whole of the new one is there when the workspace is opened again.
    """
    fresh, old = _swap_places(folder)
    finish_swap(folder)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    yield fresh
    if folder.exists():
        folder.rename(old)
        finish_swap(folder)
    else:
        fresh.rename(folder)


def finish_swap(folder: Path) -> None:
    """The second half of a swap: the old folder is aside only while the new one is whole."""
    fresh, old = _swap_places(folder)
    if old.is_dir():
        with suppress(FileNotFoundError):  # in place already, by this process or by another that opened the workspace
            fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _swap_places(folder: Path) -> tuple[Path, Path]:
    return folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")


def read_settings() -> Settings:
    """The settings of the environment. Raises Refused that names every variable that does not hold."""
    try:
        return Settings()
    except ValidationError as error:
        names = [f"TANDEM_{'.'.join(map(str, detail['loc'])).upper()}" for detail in error.errors()]
        reasons = [f"{name} = {detail['input']!r}: {detail['msg']}" for name, detail in zip(names, error.errors(), strict=True)]
        raise Refused(*reasons, hint="Set it otherwise, or unset it, and run again.") from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write sorted JSON so that a reader finds the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".tmp")
    partial.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)
