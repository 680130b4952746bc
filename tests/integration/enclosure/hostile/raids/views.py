"""Escapes from requests: plain, in threads, asynchronous."""

import asyncio
import contextlib
import socket
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from django.http import JsonResponse

from raids import c_clients, escapes
from raids.outside import PORT, URL

RAIDS = escapes.RAIDS + c_clients.RAIDS


def raid(request):
    chosen = [raid for raid in RAIDS if raid.__name__ == request.GET["name"]]
    try:
        return JsonResponse({"result": repr(chosen[0]())})
    except Exception as error:
        return JsonResponse({"result": f"{type(error).__name__}: {error}"})


def thread(request):
    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    with contextlib.suppress(OSError), ThreadPoolExecutor(1) as pool:
        pool.submit(urllib.request.urlopen, URL, timeout=5).result()
    return JsonResponse({})


def in_a_thread():
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", PORT), timeout=5)


async def asynchronous(request):
    with contextlib.suppress(OSError):
        await asyncio.open_connection("127.0.0.1", PORT)
    with contextlib.suppress(OSError):
        await asyncio.open_connection("async.example.com", 443)
    return JsonResponse({})
