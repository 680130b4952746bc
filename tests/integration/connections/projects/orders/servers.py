"""Servers that the project calls: HTTP and mail, each in a thread."""

import http.server
import socketserver
import threading
import time


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        time.sleep(0.02)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to accept a mail."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")


def start():
    """→ the ports of both."""
    socketserver.ThreadingTCPServer.daemon_threads = True
    ports = []
    for server in (
        http.server.ThreadingHTTPServer(("localhost", 0), Web),
        socketserver.ThreadingTCPServer(("localhost", 0), Mail),
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ports.append(server.server_address[1])
    return ports
