"""The report in a real browser: Debian's Chromium, headless."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tandem.params import Prices, Promotion
from tandem.promotion import decide
from tasks.report import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NARROW = 400
OUTER = """<!doctype html><iframe id="page" style="width:{width}px;height:900px;border:0;color-scheme:{scheme}" srcdoc="{page}"></iframe>
<script>
page.onload = () => {{
  const root = page.contentDocument.documentElement, seen = getComputedStyle(page.contentDocument.body);
  document.body.dataset.seen = [root.clientWidth, root.scrollWidth, seen.backgroundColor, seen.color].join("|");
}};
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
def test_at_400_pixels_the_report_does_not_scroll_sideways_and_follows_the_theme(tmp_path, priced_card):
    prices = Prices(preset="hosted_api", queries_per_day=20_000)
    cards = {name: priced_card(name, prices) for name in ("prompt", "rag", "lora", "rag+lora")}
    context = {"workspace": "halden", "prices": prices, "lineage": {"params_hash": "0123456789abcdef" * 6}, "resamples": 200}
    report = write_report(tmp_path / "one.html", cards, decide(cards, None, Promotion(), 200, 0), context)
    width, scrolled, light = seen(report, "light")
    assert (width, scrolled) == (NARROW, NARROW)
    assert light == ("rgb(251, 251, 250)", "rgb(28, 31, 36)")
    assert seen(report, "dark")[2] == ("rgb(20, 23, 27)", "rgb(230, 232, 235)")


def seen(report: Path, scheme: str) -> tuple[int, int, tuple[str, str]]:
    """(width, width with all that sticks out, (page, ink)) of the report in a frame of 400 pixels; a window is at least 500 wide."""
    page = re.sub(r"<meta http-equiv[^>]*>", "", report.read_text(encoding="utf-8")).replace("&", "&amp;").replace('"', "&quot;")
    outer = report.with_name(f"{scheme}.html")
    outer.write_text(OUTER.format(width=NARROW, scheme=scheme, page=page), encoding="utf-8")
    profile = f"--user-data-dir={report.parent / 'profile'}"
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--virtual-time-budget=2000",
        profile,
        "--dump-dom",
        outer.as_uri(),
    ]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    width, scrolled, background, ink = re.search(r'data-seen="([^"]*)"', dom)[1].split("|")
    return int(width), int(scrolled), (background, ink)
