"""Echo servers of Python's standard library.

echo.py CERTIFICATE KEY SOCKET_PATH: TCP, TLS, Unix, UDP, and HTTP that answers once it has read the whole body.
echo.py CERTIFICATE KEY VERSION ANSWERS: nothing but one version of TLS. It answers AT_ONCE, or IN_THE_END, when close_notify
has come, or NEVER: then it closes before the handshake.

The first line of output is a JSON object of scheme to address. With a version, a line follows for each connection. It ends
when its standard input does.
"""
import http.server
import json
import os
import socket
import ssl
import sys
import threading

CERTIFICATE, KEY = sys.argv[1:3]


def stream(connection, wrap, answers):
    try:
        if answers == "NEVER":
            connection.recv(65536)
            connection.close()
            return
        with wrap(connection) as peer:
            kept = bytearray()
            while data := peer.recv(65536):
                if answers == "AT_ONCE":
                    peer.sendall(data)
                else:
                    kept += data
            peer.sendall(kept)
            if isinstance(peer, ssl.SSLSocket):
                # close_notify has come: answer it, then close.
                peer.unwrap()
            else:
                peer.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # The client went away.


def serve(listener, wrap, answers="AT_ONCE", tells=False):
    while True:
        connection, _ = listener.accept()
        if tells:
            print("accepted", flush=True)
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=stream, args=(connection, wrap, answers), daemon=True).start()


def datagrams(listener):
    while True:
        data, peer = listener.recvfrom(65536)
        listener.sendto(data, peer)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = bytearray()
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            body += self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", self.headers.get("Content-Type", "application/octet-stream"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    return context


def start(target, *arguments):
    threading.Thread(target=target, args=arguments, daemon=True).start()


def tcp_listener():
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def only_tls(version, answers):
    context = tls()
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    listener = tcp_listener()
    start(
        serve,
        listener,
        lambda c: context.wrap_socket(c, server_side=True, suppress_ragged_eofs=False),
        answers,
        True,
    )
    return {"tls": "127.0.0.1:%d" % listener.getsockname()[1]}


def everything(path):
    addresses = {}
    context = tls()
    for scheme, wrap in (("tcp", lambda c: c), ("tls", lambda c: context.wrap_socket(c, server_side=True))):
        listener = tcp_listener()
        addresses[scheme] = "127.0.0.1:%d" % listener.getsockname()[1]
        start(serve, listener, wrap)
    local = socket.socket(socket.AF_UNIX)
    local.bind(path)
    local.listen(128)
    addresses["unix"] = path
    start(serve, local, lambda c: c)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    addresses["udp"] = "127.0.0.1:%d" % udp.getsockname()[1]
    start(datagrams, udp)
    for scheme in ("http", "https"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if scheme == "https":
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        addresses[scheme] = "127.0.0.1:%d" % server.server_address[1]
        start(server.serve_forever)
    return addresses


def main():
    arguments = sys.argv[3:]
    addresses = only_tls(*arguments) if len(arguments) == 2 else everything(*arguments)
    print(json.dumps(addresses), flush=True)
    sys.stdin.read()
    # The threads need not end in order.
    os._exit(0)


main()
