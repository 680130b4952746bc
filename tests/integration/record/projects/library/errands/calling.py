"""Cases of calls of other servers and programs."""

import asyncio
import http.client
import importlib.util
import os
import smtplib
import socket
import subprocess
import sys
import urllib.error
import urllib.request

from django.core import mail
from django.test import AsyncClient

PORT = int(os.environ["ERRANDS_PORT"])
MAIL = int(os.environ["ERRANDS_MAIL"])
URL = f"http://localhost:{PORT}"
SECRET = "/users/4711?token=secret"


def urllib_():
    urllib.request.urlopen(URL + SECRET).read()
    try:
        urllib.request.urlopen(URL + "/missing")
    except urllib.error.HTTPError:
        pass


def http_client():
    connection = http.client.HTTPConnection("localhost", PORT)
    connection.request("POST", SECRET, body=b"secret")
    connection.getresponse().read()
    connection.request("GET", "/slow")
    connection.getresponse().read()
    connection.close()


def refused():
    connection = http.client.HTTPConnection("localhost", 1)
    try:
        connection.request("GET", "/")
    except OSError:
        pass


def hung_up():
    connection = http.client.HTTPConnection("localhost", PORT)
    connection.request("GET", "/hang-up")
    try:
        connection.getresponse()
    except http.client.RemoteDisconnected:
        pass


def requests_():
    import requests

    with requests.Session() as session:
        session.get(URL + SECRET)
        session.get(URL + "/missing")
    try:
        requests.get("http://localhost:1/")
    except requests.ConnectionError:
        pass


def httpx_():
    import httpx

    with httpx.Client() as client:
        client.get(URL + SECRET)
    try:
        httpx.get("http://localhost:1/")
    except httpx.ConnectError:
        pass


def httpx_async():
    import httpx

    async def main():
        async with httpx.AsyncClient() as client:
            await asyncio.gather(client.get(URL + "/slow"), client.get(URL + SECRET))

    asyncio.run(main())


def aiohttp_():
    import aiohttp

    async def main():
        async with aiohttp.ClientSession() as session:
            tasks = [fetch(session, "/slow"), fetch(session, SECRET), fetch(session, "/missing")]
            await asyncio.gather(*tasks)

    async def fetch(session, path):
        async with session.get(URL + path) as response:
            await response.read()

    asyncio.run(main())


def a_mail():
    mail.send_mail("secret", "secret", "a@example.org", ["b@example.org"])


def a_kept_mail():
    with mail.get_connection("django.core.mail.backends.locmem.EmailBackend") as connection:
        mail.EmailMessage("secret", "secret", connection=connection, to=["b@example.org"]).send()


def smtp():
    with smtplib.SMTP("localhost", MAIL) as server:
        server.sendmail("a@example.org", ["b@example.org"], b"Subject: secret\r\n\r\nsecret")


def sockets():
    socket.create_connection(("localhost", PORT)).close()
    with socket.socket() as connection:
        connection.connect(("127.0.0.1", PORT))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.connect(("127.0.0.1", PORT))
    with socket.socket() as connection:
        try:
            connection.connect(("127.0.0.1", 1))
        except OSError:
            pass


def streams():
    async def main():
        _, writer = await asyncio.open_connection("localhost", PORT)
        writer.close()
        await writer.wait_closed()

    asyncio.run(main())


def a_leaving_task():
    """A task that a call has started outlives it, and makes calls of its own."""

    async def main():
        loop = asyncio.get_running_loop()
        tasks = []

        def protocol():
            tasks.append(asyncio.ensure_future(later()))
            return asyncio.Protocol()

        transport, _ = await loop.create_connection(protocol, "localhost", PORT)
        transport.close()
        await tasks[0]

    async def later():
        await asyncio.sleep(0.05)
        await asyncio.to_thread(urllib.request.urlopen, URL)

    asyncio.run(main())


def programs():
    subprocess.run([sys.executable, "-c", "secret = 1"], check=True)
    subprocess.run("SECRET=1 exit 3", shell=True, check=False)
    process = subprocess.Popen([sys.executable, "-c", "secret = 1"])
    process.wait()
    process.wait()
    try:
        subprocess.run(["no-such-program-here", "--secret"], check=False)
    except FileNotFoundError:
        pass


def reloading():
    """A reloader waits for its server as long as that lives."""
    command = [sys.executable, "-c", "served = 1"]
    subprocess.run(command, env={**os.environ, "RUN_MAIN": "true"}, close_fds=False, check=True)
    subprocess.run(command, env={**os.environ, "ELSE": "true"}, check=True)


def a_view():
    asyncio.run(AsyncClient().get("/async-errand/"))


CASES = [urllib_, http_client, refused, hung_up, a_mail, a_kept_mail, smtp, sockets, streams,
         a_leaving_task, programs, reloading, a_view]  # fmt: skip
OPTIONAL = {"requests": [requests_], "httpx": [httpx_, httpx_async], "aiohttp": [aiohttp_]}
for library, cases in OPTIONAL.items():
    if importlib.util.find_spec(library):
        CASES += cases
