"""The cases: how the servers are loaded, and what Vecho has to reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """How many times as good as another server a server has to be, at least: the median of the rounds' ratios.

    figure: what is compared; of latencies, which are better where they are less, it is the other server's by this one's
    """

    subject: str
    against: str
    at_least: float
    figure: str = "perSecond"


@dataclass(frozen=True)
class Case:
    """One load. base: the peer to which the ratios of the table relate; None for the fastest that is not Vecho.

    bench: the generator is `vecho bench`, and these are its arguments, for what the one in C does not speak
    """

    name: str
    title: str
    kind: str
    load: tuple
    peers: tuple
    base: str
    goals: tuple
    unit: str = "messages"
    bench: bool = False


VECHO = ("vecho", "vecho-before", "vecho-other-jdk")
OTHERS = Goal("vecho-other-jdk", "vecho", 0.97), Goal("vecho", "vecho-before", 0.98)
TCP_PEERS = ("c-epoll", "c-uring", "tokio", "go", "uvloop", "asyncio", "node", "pipeto")

# Connections, bytes of a message, and what Vecho has to reach of C epoll over TCP.
SIZES = (
    ("1x64B", "1 × 64 B", 1, 64, 0.97),
    ("50x64B", "50 × 64 B", 50, 64, 1.05),
    ("1000x64B", "1,000 × 64 B", 1000, 64, 0.97),
    ("50x16K", "50 × 16 KiB", 50, 16 * 1024, 0.98),
    ("4x1M", "4 × 1 MiB", 4, 1024 * 1024, 1.35),
)


# Vecho polls before it sleeps: beside C that does so, too, and Vecho that does not.
POLLING = ("c-epoll-poll", "vecho-sleep")
LIKE_WITH_LIKE = (Goal("vecho", "c-epoll-poll", 1.0), Goal("vecho-sleep", "c-epoll", 1.0))


def goals(at_least_by_peer):
    return (*(Goal("vecho", against, at_least) for against, at_least in at_least_by_peer.items()), *OTHERS)


def no_later_than(peer):
    """The tail: p99 and p99.9 not above the peer's."""
    return Goal("vecho", peer, 1.0, "p99Micros"), Goal("vecho", peer, 1.0, "p999Micros")


def stream_cases(kind, title, peers, goals_of, alone=(), goals_alone=()):
    """A case for each size. alone: peers of the one with a single connection, beside the others."""
    return [Case(f"{kind}-{name}", f"{title}, {size_title}", kind, ("-c", connections, "-s", size),
                 (*peers, *(alone if connections == 1 else ()), *VECHO), peers[0],
                 (*goals(goals_of(at_least)), *no_later_than(peers[0]), *(goals_alone if connections == 1 else ())))
            for name, size_title, connections, size, at_least in SIZES]


CASES = [
    *stream_cases("tcp", "TCP", TCP_PEERS,
                  lambda at_least: {"c-epoll": at_least, "tokio": 1.0, "go": 1.0, "uvloop": 1.0},
                  POLLING, LIKE_WITH_LIKE),
    Case("tcp-paced", "TCP, 1 × 64 B, 1,000 messages a second", "tcp", ("-c", 1, "-s", 64, "--rate", 1000),
         ("c-epoll", *POLLING, *VECHO), "c-epoll", ()),
    Case("tcp-beside", "TCP, 50 × 64 B beside 1 × 1 MiB without end", "tcp",
         ("-c", 50, "-s", 64, "--beside", 1024 * 1024),
         ("c-epoll", "tokio", "go", *VECHO), "c-epoll", (Goal("vecho", "c-epoll", 1 / 1.2, "p99Micros"),)),
    *stream_cases("tls", "TLS 1.3", ("c-epoll-tls",), lambda _: {"c-epoll-tls": 0.95}),
    Case("tls-new", "new TLS 1.3 connections", "tls", ("-c", 16, "-s", 64, "--fresh"), ("c-epoll-tls", *VECHO),
         "c-epoll-tls", goals({"c-epoll-tls": 0.9}), "connections"),
    Case("tcp-new", "new TCP connections", "tcp", ("-c", 16, "-s", 64, "--fresh"), ("c-epoll", "c-uring", "tokio", "go", *VECHO),
         "c-epoll", (), "connections"),
    *stream_cases("unix", "Unix domain socket", ("c-epoll", "c-uring"), lambda _: {"c-epoll": 0.97}),
    *(Case(f"udp-{size}B", f"UDP, {size:,} B", "udp", ("-c", 10, "-q", 8, "-s", size), ("c-mmsg", *VECHO), "c-mmsg",
           goals({"c-mmsg": 0.8}), "datagrams") for size in (64, 1400)),
]

HTTP_SIZES = (("64B", "64 B", 64), ("16K", "16 KiB", 16 * 1024), ("1M", "1 MiB", 1024 * 1024))


def http_cases(kind, title, peers, shapes):
    """shapes: connections, and requests at once on each; none for HTTP/1.1, which has one."""
    return [Case(f"{kind}-{connections}{'x' + str(streams) if streams else ''}x{size_name}",
                 f"{title}, {connections:,}{' × ' + str(streams) if streams else ''} × {size_title}", kind,
                 ("-c", connections, "-s", size, *(("--http2", streams) if streams else ())), (*peers, *VECHO), None,
                 (*goals({"best": 1.0}), *no_later_than("best")), "requests")
            for connections, streams in shapes for size_name, size_title, size in HTTP_SIZES
            if connections * max(1, streams) * size <= 1 << 29]


CASES += [
    *http_cases("http1", "HTTP/1.1", ("beast-http", "hyper", "go-http", "node-http"), ((1, 0), (50, 0), (1000, 0))),
    *http_cases("http2", "HTTP/2", ("nghttpd", "hyper", "go-http", "node-http"), ((1, 1), (1, 100), (50, 1), (1000, 1))),
]

WEBSOCKET_PEERS = ("bun", "beast", "gorilla", "ws")
WEBSOCKET_SIZES = (("64B", "64 B", 64), ("125B", "125 B", 125), ("16K", "16 KiB", 16 * 1024), ("64K", "64 KiB", 64 * 1024),
                   ("1M", "1 MiB", 1024 * 1024))
CASES += [
    Case(f"websocket-{'' if name in ('125B', '64K') else f'{connections}x'}{name}", f"WebSocket, {connections:,} × {title}", "websocket",
         ("-c", connections, "-s", size, "--ws"), (*WEBSOCKET_PEERS, *VECHO), None,
         (*goals({"best": 0.8}), *no_later_than("best")))
    for connections in (1, 50, 1000) for name, title, size in WEBSOCKET_SIZES
    if connections * size <= 1 << 26 and (connections == 50 or name not in ("125B", "64K"))
]


def bench_cases(kind, title, peers, sizes, *more):
    """
    The load is that of `vecho bench`, which verifies every byte and costs more than the servers. Where it is the limit, the
    server's processor time tells more than the rate.
    """
    against = peers[0] if len(peers) == 1 else "best"
    return [Case(f"{kind}-{connections}x{name}", f"{title}, {connections:,} × {size_title}", kind,
                 ("-c", connections, "-s", size, *more), (*peers, *VECHO), peers[0] if len(peers) == 1 else None,
                 (*goals({against: 1.0}), Goal("vecho", against, 1.0, "serverMicrosPerMessage")), bench=True)
            for connections, name, size_title, size in sizes]


STREAMS = ((10, "64B", "64 B", 64), (10, "16K", "16 KiB", 16 * 1024), (4, "1M", "1 MiB", 1024 * 1024), (1000, "64B", "64 B", 64))
MESSAGES = ((1, "64B", "64 B", 64), (50, "64B", "64 B", 64), (1000, "64B", "64 B", 64), (50, "16K", "16 KiB", 16 * 1024),
            (4, "1M", "1 MiB", 1024 * 1024))
CASES += [
    *bench_cases("quic", "QUIC streams", ("quic-go",), STREAMS),
    *bench_cases("http3", "HTTP/3", ("go-http3",), STREAMS),
    *bench_cases("deflate", "WebSocket with permessage-deflate", ("bun", "gorilla", "ws"),
                 [size for size in MESSAGES if size[0] == 50], "--option", "ws.compression=true"),
    *bench_cases("eventbus", "clustered event bus", ("vertx-eventbus",), MESSAGES),
]

# What is measured in another way; see extras.py.
EXTRAS = {
    "memory": "resident memory at rest, and of an idle connection",
    "check": "a whole process of `vecho check`",
    "line": "the instruments: `vecho check` beside iperf3, `vecho bench` beside the generator in C",
    "many": "many connections: memory, and a few busy ones among them",
    "management": "what management costs",
    "cores": "two cores for the server",
    "jmh": "the echo pipe alone, in memory",
}
