"""Make what npm brought usable: the queue dashboard's files, and the test browser. Run by `make assets`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "node_modules"
BROWSER = MODULES / ".browser"
DASHBOARD = MODULES / "@bull-board/ui"
SERVED = ROOT / "src/subiteya/http/static/bull-board"
LIST = "board.json"
"""Beside the dashboard's files: its version, and the scripts and style sheets that its page begins with."""
LIMIT_S = 180


def main() -> None:
    """Bring both, unless this version of them is there already."""
    bring_dashboard()
    unpack_browser()


def bring_dashboard() -> None:
    """Copy bull-board's files to where the api serves them; its page we write ourselves."""
    version = json.loads((DASHBOARD / "package.json").read_text())["version"]
    listed = SERVED / LIST
    if listed.is_file() and json.loads(listed.read_text())["version"] == version:
        return
    shutil.rmtree(SERVED, ignore_errors=True)
    shutil.copytree(DASHBOARD / "dist/static", SERVED)
    page = (DASHBOARD / "dist/index.ejs").read_text()
    scripts = re.findall(r'<script defer src="static/(js/[\w.-]+\.js)"', page)
    styles = re.findall(r'<link href="static/(css/[\w.-]+\.css)"', page)
    if not scripts or not styles:
        sys.exit(f"bull-board {version} begins in a way that scripts/assets.py does not know")
    listed.write_text(json.dumps({"version": version, "scripts": scripts, "styles": styles}, indent=2) + "\n")
    print(f"· queue dashboard: {SERVED.relative_to(ROOT)}")


def unpack_browser() -> None:
    """Unpack Chromium, which npm brings as an archive."""
    version = (MODULES / "@sparticuz/chromium/package.json").read_text()
    stamp = BROWSER / "package.json"
    if stamp.is_file() and stamp.read_text() == version:
        return
    BROWSER.mkdir(parents=True, exist_ok=True)
    node = Path(sys.executable).parent / "node"
    done = subprocess.run(
        [str(node) if node.exists() else "node", str(ROOT / "scripts/browser.mjs"), str(BROWSER)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=LIMIT_S,
    )
    stamp.write_text(version)
    print(f"· test browser: {Path(done.stdout.strip()).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
