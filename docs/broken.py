#!/usr/bin/env python3
"""An echo server that is broken on purpose, to see what `vecho check` says of it.

Usage: docs/broken.py FAULT PORT       on 127.0.0.1; the faults are the functions below
"""
import socket
import struct
import sys
import threading
import time

earlier = []


def echo(connection, change=lambda data: data):
    """Sends back what comes, as the fault changes it, until the client has closed its output."""
    while data := connection.recv(65536):
        connection.sendall(change(data))


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_before(connection):
    connection.recv(1)
    reset(connection)


def reset_during(connection):
    connection.sendall(connection.recv(10))
    time.sleep(0.2)
    reset(connection)


def reset_after(connection):
    echo(connection)
    reset(connection)


def closed(connection):
    connection.recv(65536)


def truncated(connection):
    connection.sendall(connection.recv(65536)[:10])


def corrupted(connection):
    echo(connection, lambda data: data[:10] + bytes([data[10] ^ 1]) + data[11:])


def injected(connection):
    echo(connection, lambda data: data[:10] + b"INJECTED" + data[10:])


def lost(connection):
    echo(connection, lambda data: data[:10] + data[14:])


def foreign(connection):
    earlier.append(connection.recv(65536))
    connection.sendall(earlier[0])
    echo(connection)


def silent(connection):
    while connection.recv(65536):
        pass
    time.sleep(60)


def slow(connection):
    data = connection.recv(65536)
    time.sleep(1.5)
    connection.sendall(data)
    echo(connection)


def stalled(connection):
    connection.sendall(connection.recv(65536)[:10])
    time.sleep(60)


def buffered(connection):
    data = b""
    while more := connection.recv(65536):
        data += more
    connection.sendall(data)


def half_close(connection):
    echo(connection)
    time.sleep(60)


def idle(connection):
    connection.sendall(connection.recv(65536))
    connection.settimeout(0.2)
    try:
        echo(connection)
    except TimeoutError:
        pass


def plain_text(connection):
    connection.sendall(b"220 mail.example.org ready\r\n")
    silent(connection)


def duplicated(sock):
    while True:
        data, peer = sock.recvfrom(65536)
        sock.sendto(data, peer)
        sock.sendto(data, peer)


def reordered(sock):
    while True:
        first, second = sock.recvfrom(65536), sock.recvfrom(65536)
        sock.sendto(*second)
        sock.sendto(*first)


def one_in_ten_lost(sock):
    count = 0
    while True:
        data, peer = sock.recvfrom(65536)
        count += 1
        if count % 10:
            sock.sendto(data, peer)


def filtered(listener):
    """Has room for no connection: Linux then drops attempts, as many firewalls do."""
    listener.listen(0)
    waiting = socket.create_connection(listener.getsockname())
    print("ready", flush=True)
    time.sleep(600)
    waiting.close()


def serve(connection):
    with connection:
        try:
            fault(connection)
        except OSError:
            pass


fault = globals()[sys.argv[1].replace("-", "_")]
udp = fault in (duplicated, reordered, one_in_ten_lost)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", int(sys.argv[2])))
    if fault == filtered:
        filtered(server)
    if not udp:
        server.listen()
    print("ready", flush=True)
    if udp:
        fault(server)
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
