"""How a plugin lives: it serves on a free port, prints it, and ends with its engine."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from types import FrameType

import grpc

# The engine's own limit; a plan's secrets and file contents travel in single messages.
MESSAGE_BYTES = 400 * 1024 * 1024
OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", MESSAGE_BYTES),
]

# Every image of a program builds at once, and each call holds one thread.
CALLS_AT_ONCE = 64


def serve(
    add: Callable[[grpc.Server], None],
    *,
    on_end: Callable[[signal.Signals], None],
    address: str = "127.0.0.1:0",
) -> None:
    """Serve until a signal comes or the engine is gone; print the port for the engine to read.

    *on_end* is told the signal, SIGTERM when the engine is gone; then running calls are awaited,
    for as long as the engine waits for them.
    """
    engine = os.getppid()
    server = grpc.server(ThreadPoolExecutor(CALLS_AT_ONCE), options=OPTIONS)
    add(server)
    port = server.add_insecure_port(address)
    # A signal is handled between two steps of whoever waits here. An Event, or a Queue, that is
    # just about to wait holds its lock, and would never get it again.
    ended = SimpleQueue[None]()

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        on_end(signal.Signals(number))
        ended.put(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server.start()
    print(port, flush=True)
    threading.Thread(target=_watch, args=(engine, on_end, ended), daemon=True).start()
    ended.get()
    server.stop(None).wait()


def _watch(engine: int, on_end: Callable[[signal.Signals], None], ended: SimpleQueue[None]) -> None:
    # An engine that was killed tells nobody, and its plugins would stay for ever.
    while os.getppid() == engine:
        time.sleep(1)
    on_end(signal.SIGTERM)
    ended.put(None)
    time.sleep(1)
    os._exit(0)
