"""Binary and marked-up files to Markdown by markitdown, in a child process that can be stopped: `python -m tasks.convert` is the child."""

from __future__ import annotations

import atexit
import base64
import io
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass

from tasks.workspace import PROJECT


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
        question = {"suffix": suffix, "converter": converter, "data": base64.b64encode(data).decode()}
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
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tasks.convert"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
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

    result = getattr(converters, converter)().convert(io.BytesIO(data), StreamInfo(extension=suffix, charset="utf-8"))
    return {"text": result.markdown or "", "title": " ".join((result.title or "").split())}


def main() -> None:
    """Answer one JSON line with one JSON line until standard input closes."""
    answers, sys.stdout = sys.stdout, sys.stderr  # a converter that prints must not break the exchange
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = _convert_here(base64.b64decode(request["data"]), request["suffix"], request["converter"])
        except Exception as error:  # the outer edge: any fault of a third party's converter is the file's reason
            answer = {"reason": f"broken {request['suffix']} file: {type(error).__name__}: {' '.join(str(error).split())[:200]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
