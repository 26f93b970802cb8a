package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.Certificates;
import dev.vecho.testkit.Certificates.Issued;
import dev.vecho.testkit.ForeignProgram;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The life of a service as its operator sees it: as a user without rights, on a file system that it cannot write to, with foreign
 * clients that stay connected through all of it.
 */
@Timeout(300)
class OperationIT {

    private static final int PATIENCE_SECONDS = 60;
    private static final String TOKEN = "a-token-of-this-test";

    /** Asks for an echo again and again, until it is told that the service goes, and tells how many were sent and came back. */
    private static final String PAGE = """
            <!DOCTYPE html><script>
            const socket = new WebSocket("WEB");
            let last = "", sent = 0, echoed = 0;
            const tell = what => fetch("/told", { method: "POST", body: what });
            const next = () => {
              if (socket.readyState === WebSocket.OPEN) {
                last = "message " + ++sent;
                socket.send(last);
              }
            };
            socket.onopen = next;
            socket.onmessage = async message => {
              if (message.data === last) echoed++;
              await tell("echoed " + echoed);
              setTimeout(next, 50);
            };
            socket.onclose = close => tell("closed " + close.code + ", sent " + sent + ", echoed " + echoed);
            </script>
            """;

    private static final Pattern END = Pattern.compile("closed 1001, sent (\\d+), echoed (\\d+)");

    @TempDir
    Path directory;

    private Path readable(Path file) throws IOException {
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }

    /** Puts a file where another one is, as careful programs do. */
    private void replace(Path file, Path by) throws IOException {
        Files.move(readable(by), file, StandardCopyOption.ATOMIC_MOVE);
    }

    private void configure(Path file, JsonObject tls, int maxConnections) throws IOException {
        JsonObject any = new JsonObject().put("host", "127.0.0.1").put("port", 0);
        JsonObject configuration = new JsonObject()
                .put("configScanMillis", 100)
                .put("drainMillis", 120_000)
                .put("management", any.copy().put("token", TOKEN))
                .put(
                        "listeners",
                        new JsonObject()
                                .put("tcp", any.copy().put("maxConnections", maxConnections))
                                .put("tls", any.copy().put("tls", tls))
                                .put("web", any.copy().put("transport", "http")));
        Path next = Files.writeString(directory.resolve("next.json"), configuration.encodePrettily());
        replace(file, next);
    }

    /** Starts it as nobody, where every file system is read-only for it. */
    private Vecho serve(Path configuration) throws Exception {
        ForeignProgram unshare = ForeignProgram.find("unshare", "apt-get install util-linux");
        ForeignProgram.find("setpriv", "apt-get install util-linux");
        String readOnly = "mount --make-rprivate / && for place in / /tmp /var/tmp /dev/shm /run; do"
                + " mount --bind -o ro $place $place && mount -o remount,bind,ro $place || exit 7; done;"
                + " [ ! -w / ] && [ ! -w /tmp ] || exit 8;";
        if (unshare.run(new byte[0], "--mount", "sh", "-c", readOnly + " exit 0")
                        .exitCode()
                != 0) {
            throw ForeignProgram.missing("no file system can be made read-only, which takes root");
        }
        Path jar = readable(Files.copy(Path.of(Vecho.JAR), directory.resolve("vecho.jar")));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> wrapper = List.of(
                unshare.path().toString(),
                "--mount",
                "sh",
                "-c",
                readOnly + " exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"",
                "sh");
        Vecho vecho = Vecho.startWithin(wrapper, jar, "serve", "-c", configuration.toString());
        vecho.awaitLine("ready");
        return vecho;
    }

    /** A program that stays connected: what it is given comes back. */
    private static final class Connected implements AutoCloseable {

        private final Process process;
        private final OutputStream in;
        private final BufferedReader out;

        Connected(String... command) throws IOException {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            in = process.getOutputStream();
            out = process.inputReader(UTF_8);
        }

        void echoes(String line) throws Exception {
            in.write((line + "\n").getBytes(UTF_8));
            in.flush();
            assertThat(reading(out::readLine)).isEqualTo(line);
        }

        /** Says its last word, and ends with the answer to it. */
        void finish(String line) throws Exception {
            echoes(line);
            in.close();
            assertThat(reading(out::readLine)).isNull();
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        }

        private interface Reading {
            String read() throws IOException;
        }

        private static String reading(Reading reading) throws Exception {
            return CompletableFuture.supplyAsync(() -> {
                        try {
                            return reading.read();
                        } catch (IOException e) {
                            return e.toString();
                        }
                    })
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    /** Chromium with the page, and what that told last. */
    private static final class Browser implements AutoCloseable {

        private final HttpServer server;
        private final Process process;
        private volatile String told = "";

        Browser(String web, Path profile) throws Exception {
            ForeignProgram chromium = ForeignProgram.find("chromium", "apt-get install chromium");
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                byte[] answer;
                if (exchange.getRequestURI().getPath().equals("/told")) {
                    told = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
                    answer = new byte[] {'.'};
                } else {
                    answer = PAGE.replace("WEB", web.replace("http:", "ws:")).getBytes(UTF_8);
                    exchange.getResponseHeaders().set("Content-Type", "text/html");
                }
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
                exchange.close();
            });
            server.start();
            process = new ProcessBuilder(
                            chromium.path().toString(),
                            "--headless",
                            "--no-sandbox",
                            "--disable-gpu",
                            "--no-first-run",
                            "--disable-background-networking",
                            "--disable-component-update",
                            "--disable-sync",
                            "--no-proxy-server",
                            "--remote-debugging-port=0",
                            "--user-data-dir=" + profile,
                            "http://127.0.0.1:" + server.getAddress().getPort() + "/")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        }

        void echoesMore() throws Exception {
            long before = echoed();
            Waits.eventually("more echoes in the browser, which told: " + told, () -> echoed() > before + 1);
        }

        private long echoed() {
            String last = told;
            return last.startsWith("echoed ") ? Long.parseLong(last.substring("echoed ".length())) : 0;
        }

        /**
         * It is told that the service goes, and everything has come back, but for a message that was under way just then: WebSocket
         * has no answer after a close.
         */
        void finish() throws Exception {
            Waits.eventually("the end in the browser", () -> told.startsWith("closed "));
            Matcher counts = END.matcher(told);
            assertThat(counts.matches()).as(told).isTrue();
            assertThat(Long.parseLong(counts.group(1)) - Long.parseLong(counts.group(2)))
                    .isBetween(0L, 1L);
        }

        @Override
        public void close() {
            List<ProcessHandle> all = process.descendants().toList();
            Waits.end(process);
            all.forEach(ProcessHandle::destroyForcibly);
            server.stop(0);
        }
    }

    private static String curl(String url) throws Exception {
        return ForeignProgram.find("curl", "apt-get install curl")
                .run(new byte[0], "-sS", "-H", "Authorization: Bearer " + TOKEN, url)
                .text();
    }

    private static int status(String url) throws Exception {
        return Integer.parseInt(ForeignProgram.find("curl", "apt-get install curl")
                .run(
                        new byte[0],
                        "-sS",
                        "-o",
                        "/dev/null",
                        "-w",
                        "%{http_code}",
                        "-H",
                        "Authorization: Bearer " + TOKEN,
                        url)
                .text());
    }

    private BigInteger serialOf(int port) throws Exception {
        String line = ForeignProgram.find("sh", "")
                .run(
                        new byte[0],
                        "-c",
                        "openssl s_client -connect 127.0.0.1:" + port + " </dev/null 2>/dev/null"
                                + " | openssl x509 -noout -serial")
                .text()
                .strip();
        assertThat(line).startsWith("serial=");
        return new BigInteger(line.substring("serial=".length()).toLowerCase(Locale.ROOT), 16);
    }

    private static BigInteger serial(Issued issued) {
        return issued.bundle().getCertificate().getSerialNumber();
    }

    @Test
    void servesUntilItIsToldToStop() throws Exception {
        ForeignProgram ncat = ForeignProgram.find("ncat", "apt-get install ncat");
        ForeignProgram openssl = ForeignProgram.find("openssl", "apt-get install openssl");
        Certificates certificates = new Certificates(directory);
        Issued served = certificates.localhost();
        readable(served.certificate());
        readable(served.key());
        Path configuration = directory.resolve("vecho.json");
        configure(configuration, served.options(), 100);
        try (Vecho vecho = serve(configuration)) {
            String url = vecho.note("management").split(" ", -1)[0];
            try (Prometheus prometheus = Prometheus.scrape(url, TOKEN, directory);
                    Connected plain =
                            new Connected(ncat.path().toString(), "127.0.0.1", Integer.toString(vecho.port("tcp")));
                    Connected secure = new Connected(
                            openssl.path().toString(),
                            "s_client",
                            "-quiet",
                            "-verify_return_error",
                            "-CAfile",
                            certificates.authority().toString(),
                            "-connect",
                            "127.0.0.1:" + vecho.port("tls"));
                    Browser browser = new Browser(vecho.address("web"), directory.resolve("profile"))) {
                plain.echoes("first");
                secure.echoes("first");
                browser.echoesMore();

                assertThat(new JsonObject(curl(url + "/health")).getString("outcome"))
                        .isEqualTo("UP");
                assertThat(curl(url + "/connections")).contains("\"tcp\"", "\"tls\"", "\"web\"");
                Waits.eventually("a scrape", () -> prometheus.query("up{job=\"vecho\"}") == 1);

                Issued next = certificates.localhostRsa();
                replace(served.key(), next.key());
                replace(served.certificate(), next.certificate());
                vecho.awaitLine("reloaded listeners.tls: changed the content of");
                assertThat(serialOf(vecho.port("tls"))).isEqualTo(serial(next)).isNotEqualTo(serial(served));
                secure.echoes("with the certificate before");

                configure(configuration, served.options(), -1);
                Waits.eventually("a failed reload", () -> prometheus.query("vecho_config_last_reload_successful") == 0);
                assertThat(curl(url + "/health")).contains("listeners.tcp.maxConnections");
                plain.echoes("with a broken configuration");
                secure.echoes("with a broken configuration");
                browser.echoesMore();
                assertThat(serialOf(vecho.port("tls"))).isEqualTo(serial(next));

                configure(configuration, served.options(), 101);
                Waits.eventually("a reload", () -> prometheus.query("vecho_config_last_reload_successful") == 1);

                vecho.terminate();
                vecho.awaitLine("stopping");
                assertThat(status(url + "/health/ready")).isEqualTo(503);
                assertThat(status(url + "/health/live")).isEqualTo(200);
                plain.finish("after SIGTERM");
                secure.finish("after SIGTERM");
                browser.finish();
                Result end = vecho.await();
                assertThat(end.exitCode()).as(end.out() + end.err()).isZero();
                // What health has echoed for itself counts, too.
                assertThat(end.out().lines().filter(line -> line.startsWith("listener ")))
                        .hasSize(3)
                        .allMatch(line -> line.contains(" connections, 0 refused, 0 failed, "));
                assertThat(end.err()).doesNotContain(TOKEN);
            }
        }
    }
}
