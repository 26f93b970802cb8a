#!/usr/bin/env python3
"""Client and server of the application protocol that the socket tutorial ends with; conf/check/search.json checks the server.

Usage: conf/framed.py serve PORT
       conf/framed.py ask HOST PORT ACTION VALUE

The client prints the header's type and the content of the answer.
"""
import json
import socket
import socketserver
import struct
import sys

KNOWN = {
    "echo": "What comes back.",
    "nymph": "Could only repeat what others said. 🗻",
}


def write(stream, content_type, encoding, content):
    header = {
        "byteorder": sys.byteorder,
        "content-type": content_type,
        "content-encoding": encoding,
        "content-length": len(content),
    }
    encoded = json.dumps(header, ensure_ascii=False).encode("utf-8")
    stream.write(struct.pack(">H", len(encoded)) + encoded + content)
    stream.flush()


def exactly(stream, count):
    data = stream.read(count)
    if len(data) < count:
        raise EOFError("closed without a whole frame")
    return data


def read(stream):
    (length,) = struct.unpack(">H", exactly(stream, 2))
    header = json.loads(exactly(stream, length).decode("utf-8"))
    for key in ("byteorder", "content-length", "content-type", "content-encoding"):
        if key not in header:
            raise ValueError(f"the header has no {key}")
    return header, exactly(stream, header["content-length"])


def encode(value):
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


class Connection(socketserver.StreamRequestHandler):
    """Answers one request, and closes."""

    def handle(self):
        header, content = read(self.rfile)
        if header["content-type"] == "text/json":
            request = json.loads(content.decode(header["content-encoding"]))
            if request["action"] == "search":
                result = KNOWN.get(request["value"], f"No match for '{request['value']}'.")
            else:
                result = f"Error: invalid action '{request['action']}'."
            write(self.wfile, "text/json", "utf-8", encode({"result": result}))
        else:
            answer = b"First 10 bytes of request: " + content[:10]
            write(self.wfile, "binary/custom-server-binary-type", "binary", answer)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        print(f"{client_address[0]}: {sys.exc_info()[1]}", file=sys.stderr)


def ask(host, port, action, value):
    with socket.create_connection((host, int(port)), 30) as connection, connection.makefile("rwb") as stream:
        if action == "search":
            write(stream, "text/json", "utf-8", encode({"action": action, "value": value}))
        else:
            content = (action + value).encode("utf-8")
            write(stream, "binary/custom-client-binary-type", "binary", content)
        header, content = read(stream)
        encoding = header["content-encoding"]
        print(header["content-type"], content if encoding == "binary" else content.decode(encoding))


if sys.argv[1:2] == ["serve"]:
    with Server(("127.0.0.1", int(sys.argv[2])), Connection) as server:
        print(f"ready on port {server.server_address[1]}", flush=True)
        server.serve_forever()
elif sys.argv[1:2] == ["ask"]:
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        ask(*sys.argv[2:6])
    except (EOFError, ValueError, OSError) as e:
        sys.exit(f"{sys.argv[0]}: {e}")
else:
    sys.exit(__doc__)
