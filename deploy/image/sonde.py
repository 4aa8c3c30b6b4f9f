"""Is this container ready? What `servir` answers on /sante/pret where it listens, else the file it keeps while ready."""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path


def pret() -> bool:
    port = os.environ.get("PARCHEMIN_HTTP_PORT", "0")
    if port != "0":
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/sante/pret", timeout=4) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False
        except OSError:
            pass  # it does not listen: see the file
    temoin = os.environ.get("PARCHEMIN_TEMOIN")
    return bool(temoin) and Path(str(temoin)).exists()


if __name__ == "__main__":
    sys.exit(0 if pret() else 1)
