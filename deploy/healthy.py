"""Exit code 0 if the process of this container is alive: its /healthz answers 200."""

import sys
import urllib.request

PORT = sys.argv[1] if len(sys.argv) > 1 else "8800"

urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=4).close()
