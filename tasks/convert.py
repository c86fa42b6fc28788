"""Binary and marked-up files to Markdown by markitdown, in a child process that can be stopped: `python -m tasks.convert` is the child."""

from __future__ import annotations

import atexit
import base64
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from importlib import import_module

from tandem.errors import Refused
from tasks.structure import OPTIONS, restored
from tasks.workspace import PROJECT

ORPHAN_S = 1.0  # beyond the time limit: then a child ends by itself, whose parent was killed and cannot end it


class Unconvertible(Exception):
    """A file that its converter cannot read; the message says why."""


@dataclass(frozen=True, slots=True)
class Converted:
    """Markdown, and the title that the format itself carries, or an empty string."""

    text: str
    title: str


class _Child:
    """One converter process, kept warm: importing markitdown costs about a second. A late or dead one is replaced."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.lock = threading.Lock()

    def ask(self, data: bytes, suffix: str, converter: str, timeout_s: float) -> Converted:
        question = {"suffix": suffix, "converter": converter, "timeout_s": timeout_s, "data": base64.b64encode(data).decode()}
        request = json.dumps(question).encode() + b"\n"
        with self.lock, ThreadPoolExecutor(1) as pool:
            process = self._running()
            exchange = pool.submit(_exchange, process, request)
            try:
                line = exchange.result(timeout_s)
            except Late as error:
                self.stop()
                raise Unconvertible(f"reading took longer than {timeout_s:g} s (params.yaml: documents.read_timeout_s)") from error
            except OSError:
                line = b""
            if not line:
                self.stop()
                raise Unconvertible(f"the {suffix} reader broke down on it")
        answer = json.loads(line)
        if "reason" in answer:
            raise Unconvertible(answer["reason"])
        return Converted(**answer)

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            paths = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
            told = tempfile.TemporaryFile()  # noqa: SIM115  # the child's own as long as it lives
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tasks.convert"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
            )
            assert self.process.stdout is not None
            if not self.process.stdout.readline():  # it has started: the time limit is the file's alone
                self.stop()
                told.seek(0)
                last = (told.read().decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
                raise Refused(
                    f"the process that reads html, csv, pdf, docx and pptx files does not start: {last[:300]}",
                    hint="No file was judged. Check the installation with `make install`, or the memory that is free, and run it again.",
                )
        return self.process

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


_CHILD = _Child()
atexit.register(_CHILD.stop)


def _exchange(process: subprocess.Popen[bytes], request: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(request)
    process.stdin.flush()
    return process.stdout.readline()


def convert(data: bytes, suffix: str, converter: str, timeout_s: float) -> Converted:
    """The Markdown of a file's bytes by that class of `markitdown.converters`. Raises Unconvertible: broken, or later than `timeout_s`."""
    return _CHILD.ask(data, suffix, converter, timeout_s)


def _convert_here(data: bytes, suffix: str, converter: str) -> dict[str, str]:
    from markitdown import StreamInfo, converters

    stream, info = io.BytesIO(data), StreamInfo(extension=suffix, charset="utf-8")
    result = getattr(converters, converter)().convert(stream, info, **OPTIONS.get(converter, {}))
    return {"text": restored(result.markdown or "", suffix, data), "title": " ".join((result.title or "").split())}


def main() -> None:
    """Answer one JSON line with one JSON line until standard input closes; an empty line first says that it has started."""
    answers, sys.stdout = sys.stdout, sys.stderr  # a converter that prints must not break the exchange
    import_module("markitdown")
    answers.write("\n")
    answers.flush()
    for line in sys.stdin:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, request["timeout_s"] + ORPHAN_S)
        try:
            answer = _convert_here(base64.b64decode(request["data"]), request["suffix"], request["converter"])
        except Exception as error:  # the outer edge: any fault of a third party's converter is the file's reason
            answer = {"reason": f"broken {request['suffix']} file: {type(error).__name__}: {' '.join(str(error).split())[:200]}"}
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
