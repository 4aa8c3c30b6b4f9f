"""Is this container ready? What `servir` answers on /sante/pret."""

import http.client
import os
import sys


def pret() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PARCHEMIN_HTTP_PORT"]), timeout=4)
    try:
        connection.request("GET", "/sante/pret")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if pret() else 1)
