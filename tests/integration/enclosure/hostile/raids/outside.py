"""Where the world outside is: the test tells it by one variable."""

import json
import os

OUTSIDE = json.loads(os.environ["HOSTILE_OUTSIDE"])
PORT = OUTSIDE["tcp"]
UDP = OUTSIDE["udp"]
IPV6 = OUTSIDE["tcp6"]
STREAM = OUTSIDE["stream"]
DATAGRAM = OUTSIDE["datagram"]
VICTIMS = OUTSIDE["victims"]
URL = f"http://127.0.0.1:{PORT}/"
