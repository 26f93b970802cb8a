package dev.vecho.launcher;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.sun.net.httpserver.HttpServer;
import dev.vecho.launcher.Vecho.Result;
import dev.vecho.testkit.Lab;
import dev.vecho.testkit.LabFault;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What an operator sees in a day, in a minute: twelve checks, of servers that break, each in its own way, and heal while the service runs.
 * Its page, metrics, notifications and terminal tell the same story, each fault by its word.
 */
class DayInAMinuteIT {

    private static final int EVERY_MILLIS = 1000;
    private static final double PATIENCE_MILLIS = 60_000;

    /** A server that can be broken and healed: each connection has the fault of the moment at which it comes. */
    private static final class Server implements AutoCloseable {

        private final String word;
        private final LabFault fault;
        private volatile LabFault now = LabFault.none();
        private final Lab lab;

        Server(String word, Opener opener, LabFault fault) throws IOException {
            this.word = word;
            this.fault = fault;
            this.lab = opener.open(number -> now.session(number));
        }

        @Override
        public void close() {
            lab.close();
        }
    }

    private interface Opener {
        Lab open(LabFault fault) throws IOException;
    }

    private final Map<String, Server> servers = new LinkedHashMap<>();

    /** Those that stay well. */
    private final Map<String, Lab> healthy = new LinkedHashMap<>();

    /** What the webhook was told last of each check. */
    private final Map<String, String> told = new ConcurrentHashMap<>();

    /** What {@code vecho watch} told last of each check, which it plays itself. */
    private final Map<String, String> watched = new ConcurrentHashMap<>();

    private final HttpClient client = HttpClient.newHttpClient();
    private HttpServer webhook;

    @TempDir
    Path directory;

    @BeforeEach
    void start() throws IOException {
        server("silent", "silent", Lab::tcp, LabFault.silent());
        server("reset", "reset", Lab::tcp, LabFault.resetsAt(10));
        server("corrupted", "corrupted", Lab::tcp, LabFault.flipsBitAt(10));
        server("truncated", "truncated", Lab::tcp, LabFault.endsAt(10));
        server("half-close", "half-close", Lab::tcp, LabFault.swallowsTheEnd());
        server("http", "corrupted", Lab::http, LabFault.flipsBitAt(10));
        server("lost", "lost", Lab::udp, LabFault.drops(1));
        server("duplicated", "duplicated", Lab::udp, LabFault.duplicates(1));
        healthy.put("well-tcp", Lab.tcp(LabFault.none()));
        healthy.put("well-http", Lab.http(LabFault.none()));
        healthy.put("well-udp", Lab.udp(LabFault.none()));
        healthy.put("well-websocket", Lab.webSocket(LabFault.none()));
        webhook = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        webhook.createContext("/", exchange -> {
            for (Object each :
                    new JsonArray(new String(exchange.getRequestBody().readAllBytes(), UTF_8))) {
                JsonObject change = (JsonObject) each;
                told.put(change.getString("check"), word(change));
            }
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        webhook.start();
    }

    @AfterEach
    void stop() {
        servers.values().forEach(Server::close);
        healthy.values().forEach(Lab::close);
        webhook.stop(0);
    }

    private void server(String name, String word, Opener opener, LabFault fault) throws IOException {
        servers.put(name, new Server(word, opener, fault));
    }

    @Test
    void tellsOneStoryEverywhere() throws Exception {
        String configuration = configuration();
        try (Vecho vecho = Vecho.start("serve", "-c", configuration);
                Vecho watch = Vecho.start("watch", configuration, "-o", "json");
                Chromium chromium = Chromium.start()) {
            vecho.awaitLine("ready");
            String management = vecho.note("management");
            Thread reading = new Thread(() -> read(watch), "watch");
            reading.setDaemon(true);
            reading.start();
            assertThat(checks(management)).hasSize(12);
            Page page = chromium.page();
            page.setDefaultTimeout(PATIENCE_MILLIS);
            page.navigate(management);

            Map<String, String> well =
                    checks(management).keySet().stream().collect(Collectors.toMap(name -> name, name -> "ok"));
            see(management, page, well);

            Map<String, Long> passedBefore = passed(management);
            servers.values().forEach(each -> each.now = each.fault);
            Map<String, String> broken = new HashMap<>(well);
            servers.forEach((name, each) -> broken.put(name, each.word));
            see(management, page, broken);
            assertThat(page.locator("#headline"))
                    .hasClass("bad", new LocatorAssertions.HasClassOptions().setTimeout(PATIENCE_MILLIS));
            Map<String, Long> passedAfter = passed(management);
            // One round may have been under way, and one may have ended meanwhile.
            servers.keySet()
                    .forEach(
                            name -> assertThat(passedAfter.getOrDefault(name, 0L) - passedBefore.getOrDefault(name, 0L))
                                    .as(name + ": rounds that passed after it was broken")
                                    .isLessThanOrEqualTo(2));

            servers.values().forEach(each -> each.now = LabFault.none());
            see(management, page, well);
            assertThat(page.locator("#headline"))
                    .hasClass("ok", new LocatorAssertions.HasClassOptions().setTimeout(PATIENCE_MILLIS));
            page.screenshot(new Page.ScreenshotOptions()
                    .setPath(Path.of("target", "screenshots", "day.png"))
                    .setFullPage(true));
            history(management);
        }
    }

    /** Each check by its word, or {@code ok}, in the API, the metrics, the notifications, the page and on the terminal. */
    private void see(String management, Page page, Map<String, String> words) throws Exception {
        Waits.eventually("checks are " + words, () -> checks(management).equals(words));
        Map<String, String> toTell = new HashMap<>(words);
        Waits.eventually("notifications are " + words, () -> {
            // Who was never anything but well is not told of.
            toTell.keySet().removeIf(name -> !told.containsKey(name) && "ok".equals(words.get(name)));
            return told.equals(toTell);
        });
        Waits.eventually("watched are " + words, () -> watched.equals(words));
        String metrics = get(management + "/metrics");
        Result terminal = Vecho.run("status", management);
        for (Map.Entry<String, String> each : words.entrySet()) {
            String name = each.getKey();
            boolean isWell = each.getValue().equals("ok");
            assertThat(metrics)
                    .containsPattern("vecho_check_failing\\{[^}]*check=\"" + name + "\"[^}]*} " + (isWell ? "0" : "1"));
            if (!isWell) {
                assertThat(metrics)
                        .containsPattern("vecho_check_failures_total\\{[^}]*check=\"" + name + "\"[^}]*word=\""
                                + each.getValue() + "\"[^}]*} [1-9]");
            }
            assertThat(terminal.out())
                    .containsPattern(Pattern.compile(
                            "^" + name + " +" + (isWell ? "ok" : "failing +" + each.getValue()), Pattern.MULTILINE));
            assertThat(page.locator("[aria-label=\"Check " + name + "\"] .badge"))
                    .hasText(each.getValue(), new LocatorAssertions.HasTextOptions().setTimeout(PATIENCE_MILLIS));
        }
    }

    /** What was broken is not forgotten when it is well again. */
    private void history(String management) {
        servers.forEach((name, each) -> {
            JsonObject check = new JsonObject(get(management + "/checks/" + name));
            assertThat(check.getJsonArray("failures").stream()
                            .map(failure -> ((JsonObject) failure)
                                    .getJsonObject("diagnosis")
                                    .getString("word")))
                    .as(name)
                    .contains(each.word);
            assertThat(check.getJsonArray("changes").stream()
                            .map(JsonObject.class::cast)
                            .filter(change -> !change.containsKey("case"))
                            .map(change -> change.getString("to")))
                    .as(name)
                    .containsExactly("ok", "failing", "ok");
        });
    }

    private void read(Vecho watch) {
        try {
            while (true) {
                JsonObject line = new JsonObject(watch.awaitLine("{"));
                if (line.getString("type").equals("change")) {
                    watched.put(line.getString("check"), word(line));
                }
            }
        } catch (Exception | AssertionError over) {
            // It has ended.
        }
    }

    private static String word(JsonObject change) {
        JsonObject diagnosis = change.getJsonObject("diagnosis");
        return diagnosis == null ? change.getString("to") : diagnosis.getString("word");
    }

    private Map<String, String> checks(String management) {
        Map<String, String> words = new HashMap<>();
        for (Object each : new JsonObject(get(management + "/checks")).getJsonArray("checks")) {
            JsonObject check = (JsonObject) each;
            JsonObject diagnosis = check.getJsonObject("diagnosis");
            words.put(
                    check.getString("name"),
                    diagnosis == null ? check.getString("state") : diagnosis.getString("word"));
        }
        return words;
    }

    private Map<String, Long> passed(String management) {
        Map<String, Long> passed = new HashMap<>();
        for (Object each : new JsonObject(get(management + "/checks")).getJsonArray("checks")) {
            JsonObject check = (JsonObject) each;
            JsonObject only = check.getJsonArray("cases").getJsonObject(0);
            passed.put(check.getString("name"), only.getLong("rounds") - only.getLong("failed"));
        }
        return passed;
    }

    private String get(String url) {
        try {
            return client.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private String configuration() throws IOException {
        JsonObject checks = new JsonObject();
        servers.forEach((name, each) -> checks.put(name, check(each.lab.target())));
        healthy.forEach((name, lab) -> checks.put(name, check(lab.target())));
        JsonObject configuration = new JsonObject()
                .put(
                        "listeners",
                        new JsonObject()
                                .put(
                                        "tcp",
                                        new JsonObject()
                                                .put("host", "127.0.0.1")
                                                .put("port", 0)))
                .put("management", new JsonObject().put("host", "127.0.0.1").put("port", 0))
                .put("checks", checks)
                .put(
                        "notify",
                        new JsonObject()
                                .put(
                                        "hook",
                                        new JsonObject()
                                                .put(
                                                        "url",
                                                        "http://127.0.0.1:"
                                                                + webhook.getAddress()
                                                                        .getPort())
                                                .put("holdMillis", 1000)));
        return Files.writeString(directory.resolve("vecho.json"), configuration.encode())
                .toString();
    }

    private static JsonObject check(String target) {
        JsonObject script = new JsonObject().put("timeoutMillis", 2 * EVERY_MILLIS);
        if (target.startsWith("udp")) {
            script.put(
                    "steps",
                    new JsonArray()
                            .add(new JsonObject()
                                    .put("send", new JsonObject().put("random", 100))
                                    .put("count", 3))
                            .add(new JsonObject().put("expect", "echo")));
        }
        return new JsonObject()
                .put("targets", target)
                .put("everyMillis", EVERY_MILLIS)
                .put("script", script);
    }
}
