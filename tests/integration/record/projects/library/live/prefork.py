"""A server of forked workers, as gunicorn is one: with the site loaded before the fork, or after.

Prints the port, then the workers' process ids; SIGTERM ends the workers as servers do, without
atexit.
"""

import os
import signal
import socket
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def serve(listener, application):
    server = WSGIServer(listener.getsockname(), Quiet, bind_and_activate=False)
    server.socket = listener
    server.server_name, server.server_port = "localhost", listener.getsockname()[1]
    server.setup_environ()
    server.set_app(application)
    server.serve_forever()


def load():
    from config.wsgi import application

    return application


def main(how, workers):
    listener = socket.create_server(("127.0.0.1", 0))
    application = load() if how == "preload" else None
    pids = []
    for _ in range(int(workers)):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
            serve(listener, application or load())
        pids.append(pid)
    signal.signal(signal.SIGTERM, lambda *_: [os.kill(pid, signal.SIGTERM) for pid in pids])
    print(listener.getsockname()[1], *pids, flush=True)
    for pid in pids:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main(*sys.argv[1:])
