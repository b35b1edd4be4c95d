"""A small scanner that speaks clamd's INSTREAM over a real socket, for tests."""

import socketserver
import struct
import threading
from contextlib import contextmanager

# The harmless test file of the antivirus makers, in two halves so that no scanner takes this one.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class _Scanner(socketserver.StreamRequestHandler):
    def handle(self):
        if self.server.answer == "silent":
            return
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
        self.server.seen.append(content)
        if self.server.answer == "error":
            self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
        elif EICAR in content:
            self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0")
        else:
            self.wfile.write(b"stream: OK\0")


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def a_scanner(folder=None, answer="plain"):
    """A running scanner, by its `url`; `seen` are the contents it was given. On a socket in
    `folder`, or on a free port."""
    if folder:
        server = _Unix(str(folder / "clamd"), _Scanner)
        url = f"unix://{folder / 'clamd'}"
    else:
        server = _Tcp(("127.0.0.1", 0), _Scanner)
        url = f"tcp://127.0.0.1:{server.server_address[1]}"
    server.answer, server.seen, server.url = answer, [], url
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
