"""Serves the project's WSGI application on a socket that the test has made: threads, and forks."""

import os
import signal
import socket
import socketserver
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, application):
        super().__init__(("127.0.0.1", 0), Quiet, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(fileno=int(sys.argv[1]))
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]
        self.setup_environ()
        self.set_app(application)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    sys.path.insert(0, os.getcwd())
    from config.wsgi import application

    workers = int(sys.argv[2])
    children = []
    for _ in range(workers - 1):
        if (child := os.fork()) == 0:
            children = []
            break
        children.append(child)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print("serving", flush=True)
    Server(application).serve_forever()


main()
