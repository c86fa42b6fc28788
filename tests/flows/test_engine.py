"""A step that computes stops at the first Ctrl-C, and the command says so."""

from __future__ import annotations

import signal
import subprocess
import sys

SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests in the background has them ignore it
from prefect import flow
from flows import cli
from flows.engine import run_flow, step

@flow
async def slow():
    print("begun", flush=True)
    await step(time.sleep, 60)
    print("done", flush=True)

@cli.app.command()
def wait():
    run_flow(slow, start_server=False)

sys.argv = ["tandem", "wait"]
cli.main()
"""


def test_an_interrupt_ends_a_step_at_once():
    running = subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "begun\n"
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (out, running.returncode) == ("", 130)
    assert err == "tandem: interrupted; run the same command again to go on\n"
