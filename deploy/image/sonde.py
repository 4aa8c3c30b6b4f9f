"""Is this container ready? What `servir` answers on /sante/pret where it listens, else the file it keeps meanwhile."""

import http.client
import os
import sys


def pret() -> bool:
    port = int(os.environ.get("PARCHEMIN_HTTP_PORT", "0"))
    if port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
        try:
            connection.request("GET", "/sante/pret")
            return connection.getresponse().status == http.client.OK
        except ConnectionRefusedError:
            pass  # nothing listens: see the file
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
    return os.path.exists(os.environ.get("PARCHEMIN_TEMOIN", ""))


if __name__ == "__main__":
    sys.exit(0 if pret() else 1)
