#!/usr/bin/env python3
"""An echo server that begins TLS when a client asks for it, as mail servers do; conf/check/starttls.json checks it.

Usage: conf/starttls.py PORT CERTIFICATE KEY
"""
import socketserver
import ssl
import sys


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 ready\r\n")
        if self.rfile.readline() == b"STARTTLS\r\n":
            self.wfile.write(b"220 go ahead\r\n")
            with tls.wrap_socket(self.connection, server_side=True) as secured:
                while data := secured.recv(65536):
                    secured.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        print(f"{client_address[0]}: {sys.exc_info()[1]}", file=sys.stderr)


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[2], sys.argv[3])
with Server(("127.0.0.1", int(sys.argv[1])), Connection) as server:
    print(f"ready on port {sys.argv[1]}", flush=True)
    server.serve_forever()
