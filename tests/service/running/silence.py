"""A proxy before a database server, which falls silent in the middle of a conversation."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit

LONGEST_READ = 65_536


@contextmanager
def silent_after(url: str, word: bytes) -> Iterator[str]:
    """Offer the URL of a proxy that passes on nothing more once a client has sent this word."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    target = (parts.hostname, parts.port)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_accept, args=(listener, target, word), daemon=True).start()
        port = listener.getsockname()[1]
        yield url.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{port}")


def _accept(listener: socket.socket, target: tuple[str, int], word: bytes) -> None:
    with suppress(OSError):  # the listener is closed in the end
        while True:
            client, _ = listener.accept()
            Thread(target=_pass_on, args=(client, target, word), daemon=True).start()


def _pass_on(client: socket.socket, target: tuple[str, int], word: bytes) -> None:
    with closing(client), socket.create_connection(target) as server, suppress(OSError):
        back = Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        while (data := client.recv(LONGEST_READ)) and word not in data:
            server.sendall(data)
        while data and client.recv(LONGEST_READ):
            pass


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(LONGEST_READ):
            target.sendall(data)
