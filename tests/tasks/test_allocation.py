import platform
import resource
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import resource, sys
from tasks.allocation import freed_memory_kept
from contextlib import nullcontext

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        bytearray(b"x") * (40 * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

plain = faults()
with freed_memory_kept():
    kept = faults()
print(plain, kept, faults())
"""


HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives freed blocks back so eagerly")
@pytest.mark.skipif(HUGE_PAGES.is_file() and "[always]" in HUGE_PAGES.read_text(), reason="pages of another size are counted here")
def test_freed_blocks_are_used_again_and_afterwards_given_back():
    out = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
    plain, kept, after = map(int, out.split())
    pages = 40 * 2**20 // resource.getpagesize()
    assert plain > 15 * pages
    assert kept < 5 * pages
    assert after > 15 * pages
