"""Python's ssl: sends argv[3] random bytes over TLS while it reads them back. argv[1]: port, argv[2]: authority."""
import os
import select
import socket
import ssl
import sys

port, authority, size = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sent = os.urandom(size)
context = ssl.create_default_context(cafile=authority)
with socket.create_connection(("localhost", port), timeout=30) as raw:
    with context.wrap_socket(raw, server_hostname="localhost") as tls:
        # One thread: an SSL object must not be read and written at the same time.
        tls.setblocking(False)
        received = bytearray()
        at = 0
        ended = False
        while len(received) < size and not ended:
            waiting = True
            try:
                block = tls.recv(65536)
                ended = not block
                received += block
                waiting = False
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            if at < size:
                try:
                    at += tls.send(sent[at:at + 16384])
                    waiting = False
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
            if waiting and not any(select.select([tls], [tls] if at < size else [], [], 30)):
                sys.exit("nothing for 30 s")
        print(tls.version())
sys.exit(0 if bytes(received) == sent else "%d of %d bytes came back" % (len(received), size))
