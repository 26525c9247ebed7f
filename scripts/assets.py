"""Make what npm brought usable: unpack the test browser once. Run by `make assets`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "node_modules"
BROWSER = MODULES / ".browser"
LIMIT_S = 180


def main() -> None:
    """Unpack the browser, unless this version of it is unpacked already."""
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
