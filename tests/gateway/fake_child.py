"""A process that a gateway's connection can start in place of LiteLLM: it answers as its opening says."""

import json
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path


def main() -> None:
    """Answers until nobody asks."""
    connection = Connection(int(sys.argv[1]))
    opening = json.loads(connection.recv_bytes())
    if opening["does"] == "refuse":
        connection.send_bytes(json.dumps({"fatal": "no such strategy"}).encode())
        return
    connection.send_bytes(json.dumps({"fatal": ""}).encode())
    while True:
        try:
            message = json.loads(connection.recv_bytes())
        except EOFError:
            return
        if opening["does"] == "die":
            sys.stderr.write("line one\nthe last word\n")
            os._exit(3)
        facts = {"said": message, "environment": sorted(os.environ), "cwd": str(Path.cwd())}
        connection.send_bytes(json.dumps({"fatal": "", **facts}).encode())


if __name__ == "__main__":
    main()
