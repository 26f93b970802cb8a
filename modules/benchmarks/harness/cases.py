"""The cases: how the servers are loaded, and what Vecho has to reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """How many times as fast as another server a server has to be, at least: the median of the rounds' ratios."""

    subject: str
    against: str
    at_least: float


@dataclass(frozen=True)
class Case:
    """One load. base: the peer to which the ratios of the table relate; None for the fastest that is not Vecho."""

    name: str
    title: str
    kind: str
    load: tuple
    peers: tuple
    base: str
    goals: tuple
    unit: str = "messages"


VECHO = ("vecho", "vecho-other-jdk")
OTHER_JDK = Goal("vecho-other-jdk", "vecho", 0.97)
TCP_PEERS = ("c-epoll", "c-uring", "tokio", "go", "uvloop", "asyncio", "node", "pipeto")

# Connections, bytes of a message, and what Vecho has to reach of C epoll over TCP.
SIZES = (
    ("1x64B", "1 × 64 B", 1, 64, 0.97),
    ("50x64B", "50 × 64 B", 50, 64, 1.05),
    ("1000x64B", "1,000 × 64 B", 1000, 64, 0.97),
    ("50x16K", "50 × 16 KiB", 50, 16 * 1024, 0.98),
    ("4x1M", "4 × 1 MiB", 4, 1024 * 1024, 1.35),
)


def goals(at_least_by_peer):
    return (*(Goal("vecho", against, at_least) for against, at_least in at_least_by_peer.items()), OTHER_JDK)


def stream_cases(kind, title, peers, goals_of):
    return [Case(f"{kind}-{name}", f"{title}, {size_title}", kind, ("-c", connections, "-s", size), (*peers, *VECHO),
                 peers[0], goals(goals_of(at_least)))
            for name, size_title, connections, size, at_least in SIZES]


CASES = [
    *stream_cases("tcp", "TCP", TCP_PEERS,
                  lambda at_least: {"c-epoll": at_least, "tokio": 1.0, "go": 1.0, "uvloop": 1.0}),
    *stream_cases("tls", "TLS 1.3", ("c-epoll-tls",), lambda _: {"c-epoll-tls": 0.95}),
    Case("tls-new", "new TLS 1.3 connections", "tls", ("-c", 16, "-s", 64, "--fresh"), ("c-epoll-tls", *VECHO),
         "c-epoll-tls", goals({"c-epoll-tls": 0.9}), "connections"),
    Case("tcp-new", "new TCP connections", "tcp", ("-c", 16, "-s", 64, "--fresh"), ("c-epoll", "c-uring", "tokio", "go", *VECHO),
         "c-epoll", (), "connections"),
    *stream_cases("unix", "Unix domain socket", ("c-epoll", "c-uring"), lambda _: {"c-epoll": 0.97}),
    *(Case(f"udp-{size}B", f"UDP, {size:,} B", "udp", ("-c", 10, "-q", 8, "-s", size), ("c-mmsg", *VECHO), "c-mmsg",
           goals({"c-mmsg": 0.8}), "datagrams") for size in (64, 1400)),
    *(Case(f"websocket-{name}", f"WebSocket, 50 × {title}", "websocket", ("-c", 50, "-s", size, "--ws"),
           ("bun", "beast", "gorilla", "ws", *VECHO), None, goals({"best": 0.8}))
      for name, title, size in (("125B", "125 B", 125), ("64K", "64 KiB", 64 * 1024))),
]

# What is measured in another way; see extras.py.
EXTRAS = {
    "memory": "resident memory at rest, and of an idle connection",
    "check": "a whole process of `vecho check`",
    "quic": "streams of QUIC",
    "management": "what management costs",
    "cores": "two cores for the server",
    "jmh": "the echo pipe alone, in memory",
}
