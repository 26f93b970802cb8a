package dev.vecho.testkit;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Healthy echo servers, and proxies in front of one, that others wrote: Python, Node, socat, nginx and HAProxy. A check must
 * pass against each. They listen on loopback until this is closed, on {@link Ports} of this process.
 */
public final class ForeignEchoes implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path directory;
    private final Certificates.Issued certificate;
    private final List<Process> processes = new ArrayList<>();
    private final Map<String, Map<String, String>> targets = new LinkedHashMap<>();

    /**
     * Starts none.
     *
     * @param directory for their files; exists, and the caller removes it
     * @param certificate for those that speak TLS
     */
    public ForeignEchoes(Path directory, Certificates.Issued certificate) {
        this.directory = directory;
        this.certificate = certificate;
    }

    /** Targets by scheme, by the name of the program. */
    public Map<String, Map<String, String>> targets() {
        return targets;
    }

    /** Python: TCP, TLS, Unix, UDP; HTTP that answers once it has read the whole request. */
    public void startPython() throws Exception {
        startScript("python", ForeignProgram.find("python3", "apt-get install python3"), "echo.py");
    }

    /** Node: TCP, TLS, Unix, UDP, HTTP. */
    public void startNode() throws Exception {
        startScript("node", ForeignProgram.find("node", "apt-get install nodejs"), "echo.mjs");
    }

    /** gRPC's own library, by Python. */
    public void startGrpcByPython() throws Exception {
        startScript(
                "grpc python",
                ForeignProgram.findPythonWith("grpc", "apt-get install python3-grpcio"),
                directory,
                "grpc_echo.py");
    }

    /** grpc-js, by Node. */
    public void startGrpcByNode() throws Exception {
        Path modules = ForeignProgram.npm("@grpc/grpc-js", "1.14.7");
        startScript("grpc node", ForeignProgram.find("node", "apt-get install nodejs"), modules, "grpc_echo.js");
    }

    /** socat, with {@code cat} behind it: TCP, TLS, Unix. */
    public void startSocat() throws Exception {
        ForeignProgram socat = ForeignProgram.find("socat", "apt-get install socat");
        Path bundle = bundle();
        Path path = directory.resolve("socat.sock");
        int tcp = Ports.free();
        int tls = Ports.free();
        String here = ",bind=127.0.0.1,fork,reuseaddr";
        start(socat, "TCP-LISTEN:" + tcp + here + ",nodelay", "EXEC:cat");
        start(socat, "OPENSSL-LISTEN:" + tls + here + ",nodelay,verify=0,cert=" + bundle, "EXEC:cat");
        start(socat, "UNIX-LISTEN:" + path + ",fork", "EXEC:cat");
        awaitPort(tcp);
        awaitPort(tls);
        awaitFile(path);
        targets.put("socat", Map.of("tcp", local("tcp", tcp), "tls", local("tls", tls), "unix", "unix://" + path));
    }

    /**
     * nginx in front of an echo server, without buffering: TCP, TLS, HTTP/1.1 and 2, WebSocket.
     *
     * @param tcp the port of the server's TCP listener on 127.0.0.1
     * @param http the port of its HTTP listener
     */
    public void startNginx(int tcp, int http) throws Exception {
        ForeignProgram nginx = ForeignProgram.find("nginx", "apt-get install nginx-light libnginx-mod-stream");
        Path stream = Path.of("/usr/lib/nginx/modules/ngx_stream_module.so");
        if (!Files.exists(stream)) {
            throw ForeignProgram.missing(
                    stream + " is not installed; to run this test: apt-get install libnginx-mod-stream");
        }
        startProxy("nginx", nginx, "nginx.conf", tcp, http, Map.of("stream-module", stream.toString()), "-c");
    }

    /**
     * HAProxy in front of an echo server: TCP, TLS, HTTP/1.1 and 2, WebSocket.
     *
     * @param tcp the port of the server's TCP listener on 127.0.0.1
     * @param http the port of its HTTP listener
     */
    public void startHaproxy(int tcp, int http) throws Exception {
        ForeignProgram haproxy = ForeignProgram.find("haproxy", "apt-get install haproxy");
        startProxy("haproxy", haproxy, "haproxy.cfg", tcp, http, Map.of("bundle", bundle().toString()), "-f");
    }

    /** Ends them, and what they have started. */
    @Override
    public void close() {
        for (Process process : processes) {
            List<ProcessHandle> children = process.descendants().toList();
            process.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
            process.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
        }
    }

    private void startScript(String name, ForeignProgram program, String resource) throws Exception {
        startScript(name, program, directory, resource);
    }

    /**
     * @param place where the script finds what it needs
     */
    private void startScript(String name, ForeignProgram program, Path place, String resource) throws Exception {
        Path script = Files.write(place.resolve(resource), resource(resource));
        Process process = start(
                program,
                script.toString(),
                certificate.certificate().toString(),
                certificate.key().toString(),
                directory.resolve(name + ".sock").toString());
        String line = firstLine(process);
        Map<String, String> addresses = new LinkedHashMap<>();
        new JsonObject(line).forEach(entry -> addresses.put(entry.getKey(), entry.getKey() + "://" + entry.getValue()));
        targets.put(name, addresses);
    }

    private void startProxy(
            String name,
            ForeignProgram program,
            String resource,
            int behindTcp,
            int behindHttp,
            Map<String, String> more,
            String flag)
            throws Exception {
        Map<String, Integer> ports =
                Map.of("tcp", Ports.free(), "tls", Ports.free(), "http", Ports.free(), "https", Ports.free());
        Map<String, String> names = new LinkedHashMap<>(more);
        ports.forEach((scheme, port) -> names.put(scheme, port.toString()));
        names.put("directory", directory.toString());
        names.put("certificate", certificate.certificate().toString());
        names.put("key", certificate.key().toString());
        names.put("behind-tcp", Integer.toString(behindTcp));
        names.put("behind-http", Integer.toString(behindHttp));
        String text = new String(resource(resource), StandardCharsets.UTF_8);
        for (Map.Entry<String, String> entry : names.entrySet()) {
            text = text.replace("@" + entry.getKey() + "@", entry.getValue());
        }
        Path file = Files.writeString(directory.resolve(resource), text);
        start(program, flag, file.toString());
        Map<String, String> addresses = new LinkedHashMap<>();
        for (Map.Entry<String, Integer> each : ports.entrySet()) {
            awaitPort(each.getValue());
            addresses.put(each.getKey(), local(each.getKey(), each.getValue()));
            if (each.getKey().startsWith("http")) {
                String webSocket = each.getKey().replace("http", "ws");
                addresses.put(webSocket, local(webSocket, each.getValue()));
            }
        }
        targets.put(name, addresses);
    }

    private Process start(ForeignProgram program, String... arguments) throws IOException {
        Process process = program.start(arguments);
        processes.add(process);
        discard(process.getErrorStream());
        return process;
    }

    /** Certificate and key in one file. */
    private Path bundle() throws IOException {
        return Files.writeString(
                directory.resolve("bundle.pem"),
                Files.readString(certificate.certificate()) + Files.readString(certificate.key()));
    }

    private static String local(String scheme, int port) {
        return scheme + "://127.0.0.1:" + port;
    }

    /** A file beside this class. */
    static byte[] resource(String name) throws IOException {
        try (InputStream in = ForeignEchoes.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("no resource " + name);
            }
            return in.readAllBytes();
        }
    }

    private static String firstLine(Process process) throws Exception {
        CompletableFuture<String> line = CompletableFuture.supplyAsync(() -> {
            try {
                return process.inputReader(StandardCharsets.UTF_8).readLine();
            } catch (IOException e) {
                return null;
            }
        });
        String first = line.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (first == null) {
            throw new IOException("it said nothing: " + process.info());
        }
        return first;
    }

    private static void awaitPort(int port) throws Exception {
        await("port " + port, () -> {
            try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
                return socket.isConnected();
            } catch (ConnectException e) {
                return false;
            }
        });
    }

    private static void awaitFile(Path path) throws Exception {
        await(path.toString(), () -> Files.exists(path));
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private static void await(String what, Condition condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > end) {
                throw new TimeoutException(what + " did not appear");
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private static void discard(InputStream stream) {
        Thread thread = new Thread(
                () -> {
                    try (stream) {
                        stream.transferTo(java.io.OutputStream.nullOutputStream());
                    } catch (IOException e) {
                        // The program is gone.
                        return;
                    }
                },
                "foreign program's errors");
        thread.setDaemon(true);
        thread.start();
    }
}
