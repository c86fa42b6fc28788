"""Work on a real Ray of two workers on this machine: what it gives, and what becomes of workers that die and of wrong addresses."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tandem.errors import Refused
from tandem.params import Embedder as EmbedderParams
from tasks.cluster import _hold_to_our_version, _share, connect, disconnect, running_version, spread
from tasks.embed import EmbeddingCache, PartwiseEmbedder, embed_cached, load_embedder
from tasks.embed_cluster import TEXTS_A_PIECE, ClusterEmbedder
from tasks.workspace import PROJECT, Settings

HERE = Settings(device="cpu")
RAY = Settings(ray_address="local", ray_workers=2, device="cpu")
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install 'tandem-rag-lora[ray]'")


@pytest.fixture(scope="session")
def ray() -> Iterator[Any]:
    """One Ray for all tests that need one: starting it takes seconds."""
    yield connect(RAY)
    disconnect()


def nothing(settings: Settings) -> None:
    return None


# --- without Ray ------------------------------------------------------------------------------------------------------------


def test_nothing_of_ray_is_imported_where_no_address_is_set():
    script = (
        "import sys; from tandem.params import Embedder; from tasks.embed import load_embedder; import tasks.lineup;"
        "from tasks.workspace import Settings; load_embedder(Embedder(), Settings()).embed(['one']); print('ray' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
