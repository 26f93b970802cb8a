"""The servers: what each needs, how it is built and how it is started."""

import json
import os
import re
import shutil
import socket as socketlib
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

MODULE = Path(__file__).resolve().parent.parent
ROOT = MODULE.parent.parent
SOURCES = MODULE / "src" / "main"
BUILT = MODULE / "target" / "peers"
FAT_JAR = ROOT / "modules" / "launcher" / "target" / "vecho.jar"
CERTIFICATE = BUILT / "certificate.pem"
KEY = BUILT / "key.pem"
CARGO_REGISTRY = Path("/usr/share/cargo/registry")

# Debian's compilers before others that the user may have.
BUILD_ENVIRONMENT = dict(os.environ, PATH="/usr/bin:/bin:" + os.environ.get("PATH", ""), GO111MODULE="off",
                         GOPATH="/usr/share/gocode", GOCACHE=str(BUILT / "go-cache"), CARGO_HOME=str(BUILT / "cargo"))


@dataclass(frozen=True)
class Need:
    """Something that must be on this machine: the Debian package that brings it, and a file that tells it is there."""

    package: str
    file: str

    def is_met(self):
        directory, _, pattern = self.file.rpartition("/")
        return any(Path(directory).glob(pattern)) if Path(directory).is_dir() else False


GCC = Need("gcc", "/usr/bin/gcc")
CXX = Need("g++", "/usr/bin/g++")
OPENSSL = Need("libssl-dev", "/usr/include/openssl/ssl.h")
OPENSSL_TOOL = Need("openssl", "/usr/bin/openssl")
LIBURING = Need("liburing-dev", "/usr/include/liburing.h")
BOOST = Need("libboost-dev", "/usr/include/boost/beast.hpp")
RUST = (Need("rustc", "/usr/bin/rustc"), Need("cargo", "/usr/bin/cargo"),
        Need("librust-tokio-dev", f"{CARGO_REGISTRY}/tokio-1*"))
HYPER = Need("librust-hyper-dev", f"{CARGO_REGISTRY}/hyper-0.14*")
NGHTTP2 = Need("libnghttp2-dev", "/usr/include/nghttp2/nghttp2.h")
NGHTTPD = Need("nghttp2-server", "/usr/sbin/nghttpd")
X_NET = Need("golang-golang-x-net-dev", "/usr/share/gocode/src/golang.org/x/net/http2")
GO = Need("golang-go", "/usr/bin/go")
QUIC_GO = Need("golang-github-lucas-clemente-quic-go-dev", "/usr/share/gocode/src/github.com/lucas-clemente/quic-go")
GORILLA = Need("golang-github-gorilla-websocket-dev", "/usr/share/gocode/src/github.com/gorilla/websocket")
NODE = Need("nodejs", "/usr/bin/node")
NPM = Need("npm", "/usr/bin/npm")
UVLOOP = Need("python3-uvloop", "/usr/lib/python3/dist-packages/uvloop")
MATPLOTLIB = Need("python3-matplotlib", "/usr/lib/python3/dist-packages/matplotlib")
IPERF3 = Need("iperf3", "/usr/bin/iperf3")
HARNESS_NEEDS = (GCC, OPENSSL, OPENSSL_TOOL, LIBURING, NGHTTP2, MATPLOTLIB)


@dataclass(frozen=True, eq=False)
class Build:
    """One program of the peers: made again when it is older than what it is made of."""

    program: Path
    sources: Path
    command: list
    directory: Path = SOURCES

    def run(self):
        newest = max(path.stat().st_mtime for path in [self.sources, *self.sources.rglob("*")])
        if self.program.exists() and self.program.stat().st_mtime >= newest:
            return
        print(f"building {self.program.relative_to(BUILT)}", flush=True)
        self.program.parent.mkdir(parents=True, exist_ok=True)
        for directory in (BUILT / "rust", BUILT / "hyper", BUILT / "js"):
            # cargo and npm write beside their sources, so they get a copy.
            shutil.copytree(SOURCES / directory.name, directory, dirs_exist_ok=True)
        subprocess.run([str(word) for word in self.command], cwd=self.directory, env=BUILD_ENVIRONMENT, check=True)
        self.program.touch()


def c_program(name, sources, *libraries):
    flags = ["-O2", "-std=gnu11", "-Wall", "-Wextra"]
    files = sorted(sources.glob("*.c")) if sources.is_dir() else [sources]
    return Build(BUILT / name, sources, ["gcc", *flags, "-o", BUILT / name, *files, *libraries])


def go_program(name, package):
    return Build(BUILT / name, SOURCES / "go", ["go", "build", "-o", BUILT / name, package], SOURCES / "go")


C = SOURCES / "c"
LOAD = c_program("load", C / "load", "-lssl", "-lcrypto", "-luring", "-lnghttp2")
C_EPOLL = c_program("epoll", C / "servers" / "epoll.c")
C_EPOLL_TLS = c_program("epoll_tls", C / "servers" / "epoll_tls.c", "-lssl", "-lcrypto")
C_URING = c_program("uring", C / "servers" / "uring.c", "-luring")
C_MMSG = c_program("mmsg", C / "servers" / "mmsg.c")


def cpp_program(name):
    return Build(BUILT / name, SOURCES / "cpp", ["g++", "-O2", "-o", BUILT / name, SOURCES / "cpp" / f"{name}.cpp"])


def rust_program(directory, name):
    """By Debian's libraries. cargo writes beside its sources."""
    return Build(BUILT / directory / "target" / "release" / name, SOURCES / directory, [
        "cargo", "build", "--quiet", "--release", "--offline",
        "--config", 'source.crates-io.replace-with="debian"',
        "--config", f'source.debian.directory="{CARGO_REGISTRY}"'], BUILT / directory)


BEAST = cpp_program("beast")
BEAST_HTTP = cpp_program("http")
TOKIO = rust_program("rust", "tokio-echo")
HYPER_HTTP = rust_program("hyper", "hyper-echo")
GO_TCP = go_program("go-tcp", "./tcp")
GO_WS = go_program("go-ws", "./websocket")
GO_HTTP = go_program("go-http", "./http")
GO_QUIC = go_program("go-quic", "./quic")
GO_HTTP3 = go_program("go-http3", "./http3")
JS = Build(BUILT / "js" / "node_modules" / ".package-lock.json", SOURCES / "js",
           ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], BUILT / "js")


@dataclass(frozen=True, eq=False)
class Peer:
    """A server that can be started.

    command: what starts it, from the kind of the case, the path of its Unix domain socket, and a directory of its own
    warm: whether it compiles while it runs, so that it needs a long warm-up
    """

    name: str
    title: str
    kinds: tuple
    command: object
    version: list
    needs: tuple = ()
    builds: tuple = ()
    warm: bool = False
    environment: dict = field(default_factory=dict)


def java(home):
    return str(Path(home, "bin", "java")) if home else "java"


# The transports of Vecho whose names are not those of the kinds of cases.
TRANSPORTS = {"http1": "http", "http2": "http", "http3": "http", "tls": "tcp", "deflate": "websocket"}


def vecho_listener(kind, socket):
    if kind == "eventbus":
        return {"transport": "eventbus"}
    listener = {"transport": TRANSPORTS.get(kind, kind), "host": "127.0.0.1", "port": 0}
    if kind in ("tls", "quic", "http3"):
        listener |= {"tls": {"certificate": str(CERTIFICATE), "key": str(KEY)}}
    elif kind == "unix":
        listener = {"transport": "unix", "path": str(socket)}
    elif kind == "udp":
        listener |= {"maxDatagramsPerSecond": 0}
    if kind != "udp":
        listener |= {"maxConnections": 100_000}
    return listener


def vecho(name, title, home, checkout=ROOT, **settings):
    """Vecho as a user starts it: the script, and the JVM's default options. settings: what the configuration says beside."""

    def command(kind, socket, directory):
        configuration = directory / f"{name}.json"
        listener, more = vecho_listener(kind, socket), []
        if kind == "eventbus":
            port = free_port()
            listener |= {"address": f"echo.{port}"}
            more = ["--cluster", "--cluster-port", port, "--cluster-members", f"127.0.0.1:{port}"]
        configuration.write_text(json.dumps(settings | {"listeners": {"echo": listener}}, indent=2))
        return [checkout / "vecho", "serve", "-c", configuration, *more]

    return Peer(name, title, ("tcp", "tls", "unix", "udp", "websocket", "deflate", "http1", "http2", "http3", "quic",
                             "eventbus"), command, [java(home), "-version"], warm=True,
                environment={"JAVA_HOME": home} if home else {})


def free_port():
    """For what does not tell which one it has taken."""
    with socketlib.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def deflates(kind):
    """The argument of a WebSocket server that agrees to permessage-deflate."""
    return ["deflate"] if kind == "deflate" else []


def bun(kind, *_):
    found = sorted(BUILT.glob("js/node_modules/@oven/bun-linux-*/bin/bun"))
    # Of several builds the one for all processors comes last; the first is the faster one.
    return [found[0] if found else "bun", BUILT / "js" / "bun-ws.js", *deflates(kind)]


def nghttpd(*_):
    port = free_port()
    return ["/bin/sh", "-c", f"echo ready {port}; exec nghttpd --no-tls --echo-upload -n1 -m 1000 -a 127.0.0.1 {port}"]


def shell(command):
    return ["/bin/sh", "-c", command]


def npm_version(package):
    return ["node", "-p", f"'{package} ' + require('{BUILT}/js/node_modules/{package}/package.json').version"]


def known_peers(options):
    """All peers by name. The option --jdk adds a second Vecho that runs on it; --before, one of another checkout."""
    java_home = options.java
    python = ["/usr/bin/python3", SOURCES / "python" / "tcp.py"]
    vertx = [java(java_home), "-cp", f"{MODULE / 'target' / 'classes'}:{FAT_JAR}"]
    gcc_version = ["gcc", "--version"]

    def socket_or_none(program):
        return lambda kind, socket, _: [program, socket] if kind == "unix" else [program]

    peers = [
        Peer("c-epoll", "C epoll", ("tcp", "unix"), socket_or_none(C_EPOLL.program), gcc_version, (), (C_EPOLL,)),
        Peer("c-epoll-poll", "C epoll, polling", ("tcp",), lambda *_: [C_EPOLL.program, "-p", "50"], gcc_version, (),
             (C_EPOLL,)),
        Peer("c-epoll-tls", "C epoll, OpenSSL", ("tls",), lambda *_: [C_EPOLL_TLS.program, CERTIFICATE, KEY],
             ["openssl", "version"], (), (C_EPOLL_TLS,)),
        Peer("c-mmsg", "C recvmmsg", ("udp",), lambda *_: [C_MMSG.program], gcc_version, (), (C_MMSG,)),
        Peer("c-uring", "C io_uring", ("tcp", "unix"), socket_or_none(C_URING.program),
             shell("echo $(gcc --version | head -1), liburing $(dpkg-query -Wf '${Version}' liburing-dev)"), (), (C_URING,)),
        Peer("tokio", "Rust tokio", ("tcp",), lambda *_: [TOKIO.program], 
             shell("echo $(/usr/bin/rustc --version), tokio $(dpkg-query -Wf '${Version}' librust-tokio-dev)"), RUST, (TOKIO,)),
        Peer("go", "Go", ("tcp",), lambda *_: [GO_TCP.program], ["/usr/bin/go", "version"], (GO,), (GO_TCP,)),
        Peer("uvloop", "Python uvloop", ("tcp",), lambda *_: [*python, "uvloop"],
             ["/usr/bin/python3", "-c", "import sys, uvloop; print('uvloop', uvloop.__version__, 'Python', sys.version)"],
             (UVLOOP,)),
        Peer("asyncio", "Python asyncio", ("tcp",), lambda *_: python, ["/usr/bin/python3", "--version"]),
        Peer("node", "Node", ("tcp",), lambda *_: ["node", SOURCES / "js" / "tcp.js"], ["node", "--version"], (NODE,),
             warm=True),
        Peer("pipeto", "Vert.x pipeTo", ("tcp",), lambda *_: [*vertx, "dev.vecho.benchmarks.PipeToServer"],
             [java(java_home), "-version"], warm=True),
        Peer("vertx-eventbus", "Vert.x consumer", ("eventbus",),
             lambda *_: [*vertx, "dev.vecho.benchmarks.EventBusServer", free_port()], [java(java_home), "-version"], warm=True),
        Peer("bun", "uWebSockets in Bun", ("websocket", "deflate"), bun, npm_version("bun"),
             (NODE, NPM), (JS,), warm=True),
        Peer("beast", "Boost.Beast", ("websocket",), lambda *_: [BEAST.program],
             shell("dpkg-query -W libboost-dev"),
             (CXX, BOOST), (BEAST,)),
        Peer("gorilla", "Go gorilla", ("websocket", "deflate"), lambda kind, *_: [GO_WS.program, *deflates(kind)],
             shell("dpkg-query -W golang-github-gorilla-websocket-dev"), (GO, GORILLA), (GO_WS,)),
        Peer("beast-http", "Boost.Beast", ("http1",), lambda *_: [BEAST_HTTP.program], shell("dpkg-query -W libboost-dev"),
             (CXX, BOOST), (BEAST_HTTP,)),
        Peer("hyper", "Rust hyper", ("http1", "http2"), lambda *_: [HYPER_HTTP.program],
             shell("dpkg-query -W librust-hyper-dev"), (*RUST, HYPER), (HYPER_HTTP,)),
        Peer("nghttpd", "C nghttpd", ("http2",), nghttpd, ["nghttpd", "--version"], (NGHTTPD,)),
        Peer("go-http", "Go net/http", ("http1", "http2"), lambda *_: [GO_HTTP.program],
             ["/usr/bin/go", "version"], (GO, X_NET), (GO_HTTP,)),
        Peer("node-http", "Node http", ("http1", "http2"),
             lambda kind, *_: ["node", SOURCES / "js" / "http.js", kind[-1]], ["node", "--version"], (NODE,), warm=True),
        Peer("quic-go", "Go quic-go", ("quic",), lambda *_: [GO_QUIC.program, CERTIFICATE, KEY],
             shell("dpkg-query -W golang-github-lucas-clemente-quic-go-dev"), (GO, QUIC_GO), (GO_QUIC,)),
        Peer("go-http3", "Go quic-go", ("http3",), lambda *_: [GO_HTTP3.program, CERTIFICATE, KEY],
             shell("dpkg-query -W golang-github-lucas-clemente-quic-go-dev"), (GO, QUIC_GO), (GO_HTTP3,)),
        Peer("ws", "Node ws", ("websocket", "deflate"), lambda kind, *_: ["node", BUILT / "js" / "ws.js", *deflates(kind)],
             npm_version("ws"), (NODE, NPM), (JS,), warm=True),
        vecho("vecho", "Vecho", java_home),
        vecho("vecho-sleep", "Vecho, no polling", java_home, busyPollMicros=0),
    ]
    if options.before:
        peers.append(vecho("vecho-before", "Vecho before", java_home, options.before))
    if options.jdk:
        peers.append(vecho("vecho-other-jdk", f"Vecho, JDK {jdk_version(options.jdk)}", options.jdk))
    return {peer.name: peer for peer in peers}


def jdk_version(home):
    told = subprocess.run([java(home), "-version"], capture_output=True, text=True, check=True).stderr
    match = re.search(r'version "(\d+)', told)
    return match.group(1) if match else "?"


def version_of(peer):
    try:
        told = subprocess.run(peer.version, capture_output=True, text=True, env=BUILD_ENVIRONMENT | peer.environment)
        lines = [line.strip() for line in (told.stdout + told.stderr).splitlines() if re.search(r"\d", line)]
        return lines[0].replace("\t", " ") if lines else "unknown"
    except OSError:
        return "unknown"


def build(peers):
    """Builds the generator, Vecho, and what these peers need. Raises CalledProcessError where a compiler fails."""
    BUILT.mkdir(parents=True, exist_ok=True)
    for program in dict.fromkeys([LOAD, *(build for peer in peers for build in peer.builds)]):
        program.run()
    if not CERTIFICATE.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "3650", "-subj", "/CN=localhost", "-keyout", KEY, "-out", CERTIFICATE],
                       check=True, capture_output=True)
    classes = list((MODULE / "target" / "classes").rglob("*.class"))
    compiled = min((path.stat().st_mtime for path in classes), default=0)
    if (not FAT_JAR.exists() or not (MODULE / "target" / "jmh").exists()
            or compiled < max(path.stat().st_mtime for path in SOURCES.rglob("*.java"))):
        print("building vecho.jar", flush=True)
        subprocess.run(["mvn", "-q", "-B", "-Dmaven.test.skip=true", "package"], cwd=ROOT, check=True)
    # The script builds the jar again where it is older than the sources.
    subprocess.run([ROOT / "vecho", "--version"], check=True, stdout=subprocess.DEVNULL)
