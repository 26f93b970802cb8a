"""Calls of gRPC's own Python library. Usage: grpc_calls.py HOST:PORT [AUTHORITY.pem]. Prints a line for each that went as it should."""
import itertools
import sys
import threading

import grpc

PLENTY = 60
OPTIONS = [('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)]
target, authority = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None


def connect(compression=None):
    if authority is None:
        return grpc.insecure_channel(target, OPTIONS, compression)
    with open(authority, 'rb') as file:
        return grpc.secure_channel(target, grpc.ssl_channel_credentials(file.read()), OPTIONS, compression)


def payload(size):
    return bytes(i * 31 & 0xff for i in range(251)) * (size // 251) + b'x' * (size % 251)


def failure(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code().name
    return 'OK'


def unary(channel):
    for size in (0, 1, 1000, 65_536, 5_000_000):
        assert channel.unary_unary('/any.Service/Unary')(payload(size), timeout=PLENTY) == payload(size), size


def server_streaming(channel):
    assert list(channel.unary_stream('/any.Service/Down')(payload(100_000), timeout=PLENTY)) == [payload(100_000)]


def client_streaming(channel):
    assert channel.stream_unary('/any.Service/Up')(iter([payload(100_000)]), timeout=PLENTY) == payload(100_000)


def streaming(channel):
    sent = [payload(size) for size in (1, 0, 10, 70_000, 3_000_000, 5)] * 3
    assert list(channel.stream_stream('/any.Service/Both')(iter(sent), timeout=PLENTY)) == sent


def ping_pong(channel):
    answer, ready = [], threading.Semaphore(1)

    def requests():
        for i in range(50):
            assert ready.acquire(timeout=PLENTY)
            yield payload(i)

    for message in channel.stream_stream('/any.Service/Both')(requests(), timeout=PLENTY):
        answer.append(message)
        ready.release()
    assert answer == [payload(i) for i in range(50)]


def status(channel):
    call = channel.unary_unary('/any.Service/Unary').future(b'x', timeout=PLENTY)
    assert call.result() == b'x' and call.code() == grpc.StatusCode.OK


def concurrent(channel):
    calls = [channel.unary_unary('/any.Service/Unary').future(payload(i * 1000), timeout=PLENTY) for i in range(200)]
    assert [call.result() for call in calls] == [payload(i * 1000) for i in range(200)]


def cancellation(channel):
    call = channel.stream_stream('/any.Service/Both')(itertools.chain([b'a'], endless()), timeout=PLENTY)
    assert next(call) == b'a'
    call.cancel()
    assert failure(lambda: list(call)) == 'CANCELLED'
    unary(channel)


def endless():
    threading.Event().wait(PLENTY)
    yield from ()


def deadline(channel):
    assert failure(lambda: list(channel.stream_stream('/any.Service/Both')(endless(), timeout=0.2))) == 'DEADLINE_EXCEEDED'
    unary(channel)


def health(channel):
    check = channel.unary_unary('/grpc.health.v1.Health/Check')
    name = b'grpc.health.v1.Health'
    assert check(b'', timeout=PLENTY) == b'\x08\x01'
    assert check(b'\x0a' + bytes([len(name)]) + name, timeout=PLENTY) == b'\x08\x01'
    assert failure(lambda: check(b'\x0a\x01x', timeout=PLENTY)) == 'NOT_FOUND'
    assert failure(lambda: check(b'\xff', timeout=PLENTY)) == 'INTERNAL'
    assert failure(lambda: channel.unary_unary('/grpc.health.v1.Health/List')(b'', timeout=PLENTY)) == 'UNIMPLEMENTED'
    for request, answer in ((b'', b'\x08\x01'), (b'\x0a\x01x', b'\x08\x03')):
        watch = channel.unary_stream('/grpc.health.v1.Health/Watch')(request, timeout=PLENTY)
        assert next(watch) == answer
        watch.cancel()


for name, compression in (('identity', None), ('gzip', grpc.Compression.Gzip), ('deflate', grpc.Compression.Deflate)):
    for case in (unary, server_streaming, client_streaming, streaming, ping_pong, status, concurrent, cancellation, deadline, health):
        if case is health and name == 'deflate':
            continue
        with connect(compression) as opened:
            case(opened)
        print(name, case.__name__, flush=True)
