"""Run every benchmark and print its table. Run: make bench   (or: python -m bench).

`TANDEM_BENCH_PEERS=PYTHON`, a Python with the peers' packages (../shared/peers/README.md), lets them run beside ours.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from bench.material import ROOT, SAMPLE, SMART_TV


def main() -> None:
    """Decisions first, then retrieval on every knowledge base at hand, grounding, the index, the models, a comparison, Ray."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    commands = [["-m", "bench.decisions"], ["-m", "bench.power"]]
    for documents, examples in (SAMPLE, SMART_TV):
        if documents.is_dir():
            commands.append(["-m", "bench.retrieval", str(documents), str(examples)])
        else:
            print(f"left out: {documents} is not there", flush=True)
    peers = os.environ.get("TANDEM_BENCH_PEERS")
    beside, builders = (["--peer", peers], ["--peers", peers, "--peer-sections", "1000"]) if peers else ([], [])
    commands += [["-m", "bench.grounding"], ["-m", "bench.freshness", "--stages", "--edits", "100", *beside], ["-m", "bench.readers"]]
    if SMART_TV[0].is_dir():
        commands += [["-m", "bench.crashes", *map(str, SMART_TV)], ["-m", "bench.search"], ["-m", "bench.building", *builders]]
    commands += [["-m", "bench.reading"], ["-m", "bench.training"], ["-m", "bench.generation"]]
    commands += [["-m", "bench.comparison"], ["-m", "bench.cluster"]]
    for command in commands:
        print(f"$ python {' '.join(command)}", flush=True)
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
