"""One escape a function; each is to be found in the ledger under its own name."""

import ftplib
import http.client
import logging.handlers
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import urllib.request

from django.conf import settings
from django.core.mail import send_mail

from raids.outside import DATAGRAM, IPV6, PORT, STREAM, UDP, URL, VICTIMS

RAIDS = []


def escape(function):
    RAIDS.append(function)
    return function


def victim(name):
    return os.path.join(VICTIMS, name)


@escape
def mail_to_a_server():
    settings.EMAIL_PORT = PORT
    return send_mail("hello", "from inside", "a@example.com", ["b@example.com"])


@escape
def mail_to_a_name():
    return send_mail(
        "hello",
        "from inside",
        "a@example.com",
        ["b@example.com"],
        connection=__import__("django.core.mail").core.mail.get_connection(host="mail.example.com"),
    )


@escape
def http_by_urllib():
    return urllib.request.urlopen("http://api.example.com/", timeout=5).status


@escape
def http_by_http_client():
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    connection.request("GET", "/")
    return connection.getresponse().status


@escape
def http_to_the_cloud_metadata():
    return http.client.HTTPConnection("169.254.169.254", timeout=5).request("GET", "/")


@escape
def ftp():
    return ftplib.FTP("127.0.0.1", timeout=5)


@escape
def raw_socket():
    with socket.socket() as out:
        out.settimeout(5)
        out.connect(("127.0.0.1", PORT))


@escape
def redis():
    with socket.create_connection(("localhost", PORT), timeout=5) as server:
        server.sendall(b"*1\r\n$8\r\nFLUSHALL\r\n")


@escape
def ipv6():
    with socket.socket(socket.AF_INET6) as out:
        out.connect(("::1", IPV6))


@escape
def ipv4_in_ipv6():
    with socket.socket(socket.AF_INET6) as out:
        out.connect(("::ffff:127.0.0.1", PORT))


@escape
def udp():
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        out.sendto(b"metric:1|c", ("127.0.0.1", UDP))


@escape
def udp_connected():
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        out.connect(("127.0.0.1", UDP))
        out.send(b"metric:1|c")


@escape
def udp_by_sendmsg():
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        out.sendmsg([b"metric:1|c"], [], 0, ("127.0.0.1", UDP))


@escape
def dns():
    return socket.getaddrinfo("secret-data.example.com", 443)


@escape
def dns_by_gethostbyname():
    return socket.gethostbyname("other-data.example.com")


@escape
def unix_socket():
    with socket.socket(socket.AF_UNIX) as out:
        out.connect(STREAM)


@escape
def unix_socket_by_a_relative_path():
    here = os.getcwd()
    os.chdir(os.path.dirname(STREAM))
    try:
        with socket.socket(socket.AF_UNIX) as out:
            out.connect(os.path.basename(STREAM))
    finally:
        os.chdir(here)


@escape
def unix_datagram():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(b"hello", DATAGRAM)


@escape
def syslog():
    handler = logging.handlers.SysLogHandler(DATAGRAM)
    logging.raiseExceptions = False
    handler.emit(logging.makeLogRecord({"msg": "hello"}))


@escape
def curl():
    return subprocess.run(["curl", "-s", "-m", "5", URL], capture_output=True).returncode


@escape
def python_in_a_subprocess():
    code = f"import socket; socket.create_connection(('127.0.0.1', {PORT}), 5)"
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True).returncode


@escape
def shell_redirection():
    return os.system(f"(echo overwritten > {victim('by_shell')}) 2> /dev/null")


@escape
def fork():
    child = os.fork()
    if child == 0:
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=5)
        finally:
            os._exit(0)
    return os.waitpid(child, 0)


@escape
def daemon():
    """Outlive the run: a session of its own, away from every pipe."""
    code = "import time; time.sleep(600)"
    with open(os.devnull, "r+") as null:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", code, "nuages-hostile-daemon", VICTIMS],
            start_new_session=True, stdin=null, stdout=null, stderr=null,
        )  # fmt: skip
    return process.pid


@escape
def overwrite():
    pathlib.Path(victim("overwritten")).write_text("overwritten")


@escape
def append():
    with open(victim("appended"), "a") as file:
        file.write("more")


@escape
def create():
    pathlib.Path(victim("created")).write_text("new")


@escape
def by_symbolic_link():
    link = settings.BASE_DIR / "innocent.txt"
    link.symlink_to(victim("linked"))
    link.write_text("overwritten")


@escape
def in_the_home_folder():
    home = pathlib.Path(VICTIMS, "home")
    (home / ".bashrc").write_text("alias ls=rm")


@escape
def remove():
    os.remove(victim("removed"))


@escape
def rename():
    os.rename(victim("renamed"), victim("renamed") + ".bak")


@escape
def change_mode():
    os.chmod(victim("changed_mode"), 0o777)


@escape
def truncate():
    os.truncate(victim("truncated"), 0)


@escape
def make_folder():
    os.mkdir(victim("folder"))


@escape
def remove_tree():
    shutil.rmtree(victim("tree"))


@escape
def hard_link():
    os.link(victim("hard_linked"), victim("hard_link"))


@escape
def own_tree():
    settings.BASE_DIR.joinpath("scribble.txt").write_text("hello")
    settings.BASE_DIR.joinpath("urls.py").write_text("urlpatterns = []\n")
