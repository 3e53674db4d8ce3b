"""An HTTP proxy before a store that does on purpose what networks and stores do by chance, and counts what passes."""

import http.client
import socket
import threading
import time
from dataclasses import dataclass, field

ERROR = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'


@dataclass
class Seen:
    """A request that passed, and what came of it."""

    method: str
    path: str
    query: str
    range: str
    sent: int
    status: object = None
    received: int = 0
    fault: str = ""


@dataclass
class Proxy:
    """Forwards to `backend`; `fault(seen, number)` may name what is to go wrong with a request instead."""

    backend: tuple
    fault: object = None
    seen: list = field(default_factory=list)

    def start(self, port=0):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=128, reuse_port=False)
        self.port = self.listener.getsockname()[1]
        self.running = True
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()
        return self

    def stop(self):
        """Refuses connections from now on."""
        self.running = False
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def again(self):
        """Takes connections again, at the same port."""
        for _ in range(50):
            try:
                return self.start(self.port)
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the proxy's port is taken")

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            with client, client.makefile("rb") as reader:
                while self.running and self.exchange(client, reader):
                    pass
        except (OSError, ValueError, http.client.HTTPException):
            pass

    def exchange(self, client, reader):
        """One request; whether the connection stays."""
        line = reader.readline().decode("latin-1").split()
        if len(line) != 3:
            return False
        method, target, _ = line
        headers = []
        while (header := reader.readline().decode("latin-1").rstrip("\r\n")):
            name, _, value = header.partition(":")
            headers.append((name, value.strip()))
        known = {name.lower(): value for name, value in headers}
        length = int(known.get("content-length", 0))
        path, _, query = target.partition("?")
        seen = Seen(method, path, query, known.get("range", ""), length)
        self.seen.append(seen)
        wrong = self.fault(seen, len(self.seen)) if self.fault else None
        seen.fault = str(wrong or "")
        if wrong == "cut upload" and length:
            reader.read(length // 2)
            reset(client)
            return False
        body = reader.read(length) if length else b""
        if wrong == "drop":
            reset(client)
            return False
        if wrong == "silent":
            time.sleep(3600)
        if isinstance(wrong, tuple):
            status, code = wrong[:2]
            extra = dict(wrong[2]) if len(wrong) > 2 else {}
            text = b"" if method == "HEAD" else ERROR.format(code=code, message=f"{code}, says the proxy").encode()
            seen.status = status
            return self.answer(client, status, list(extra.items()), text)
        backend = http.client.HTTPConnection(*self.backend, timeout=60)
        backend.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            if name.lower() not in ("connection", "expect"):
                backend.putheader(name, value)
        backend.endheaders(body or None)
        answer = backend.getresponse()
        text = answer.read()
        seen.status, seen.received = answer.status, len(text)
        backend.close()
        if wrong == "lose answer":
            reset(client)
            return False
        own = ("connection", "transfer-encoding", "content-length", "keep-alive")
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in own]
        length = answer.headers.get("content-length") if method == "HEAD" else len(text)
        if wrong == "cut answer" and text:
            self.answer(client, answer.status, kept, text[: len(text) // 2], length)
            reset(client)
            return False
        if wrong == "slow":
            return self.answer(client, answer.status, kept, text, length, pieces=3)
        return self.answer(client, answer.status, kept, text, length)

    def answer(self, client, status, headers, text, length=None, pieces=1):
        head = f"HTTP/1.1 {status} {http.client.responses.get(status, 'Said')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers)
        head += f"Content-Length: {len(text) if length is None else length}\r\n\r\n"
        client.sendall(head.encode("latin-1"))
        step = max(1, -(-len(text) // pieces))
        for start in range(0, len(text), step):
            if pieces > 1:
                time.sleep(0.1)
            client.sendall(text[start : start + step])
        return True


def reset(client):
    """Closes as a network does that is torn."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
