package dev.vecho.management;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType.LaunchOptions;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Playwright.CreateOptions;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import dev.vecho.testkit.ForeignProgram;
import dev.vecho.testkit.Ports;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page in Chromium, beside a real service. What the browser's console complains of is a failure, and so is what its policy forbids. */
@Timeout(180)
class PageViewsTest {

    private static final double PATIENCE = 60_000;

    private static Playwright playwright;
    private static Browser browser;

    private final List<String> complaints = new ArrayList<>();
    private @Nullable BrowserContext context;

    @BeforeAll
    static void start() {
        Path chromium =
                ForeignProgram.find("chromium", "apt-get install chromium").path();
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        playwright = Playwright.create(new CreateOptions().setEnv(environment));
        browser = playwright
                .chromium()
                .launch(new LaunchOptions()
                        .setExecutablePath(chromium)
                        .setArgs(List.of("--no-sandbox", "--disable-gpu", "--disable-background-networking")));
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (playwright != null) {
            playwright.close();
        }
    }

    @AfterEach
    void close() {
        if (context != null) {
            context.close();
        }
        assertThat(complaints).isEmpty();
    }

    private Page open(String url, int width, ColorScheme scheme) {
        BrowserContext own = browser.newContext(
                new Browser.NewContextOptions().setViewportSize(width, 900).setColorScheme(scheme));
        context = own;
        own.setDefaultTimeout(PATIENCE);
        Page page = own.newPage();
        page.onConsoleMessage(message -> {
            if (message.type().equals("error") || message.type().equals("warning")) {
                complaints.add(message.text() + " " + message.location());
            }
        });
        page.onPageError(complaints::add);
        page.navigate(url);
        return page;
    }

    private Page open(Managed service) {
        return open(service.url() + "/", 1280, ColorScheme.LIGHT);
    }

    private static LocatorAssertions that(Page page, String selector) {
        return PlaywrightAssertions.assertThat(page.locator(selector));
    }

    private static void shoot(Page page, String name) {
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(Path.of("target", "screenshots", name + ".png"))
                .setFullPage(true));
    }

    private static Socket talking(Managed service, String listener, int bytes) throws Exception {
        Socket socket = service.connect(listener);
        socket.getOutputStream().write(new byte[bytes]);
        assertThat(socket.getInputStream().readNBytes(bytes)).hasSize(bytes);
        return socket;
    }

    private static boolean scrollsSideways(Page page) {
        return (Boolean) page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
    }

    @Test
    void showsChecksTheFailingOnesFirst() throws Exception {
        int listening = Ports.free();
        int closed = Ports.free();
        JsonObject listeners = new JsonObject()
                .put("tcp", new JsonObject().put("host", "127.0.0.1").put("port", listening));
        JsonObject checks = new JsonObject().put("healthy", check(listening)).put("broken", check(closed));
        try (Managed service = Managed.start(listeners, new JsonObject(), new JsonObject().put("checks", checks))) {
            Page page = open(service);
            that(page, "#headline-title").containsText("Check broken fails: refused");
            that(page, "#headline").hasClass("bad");
            that(page, "#checks-content .card").hasCount(2);
            that(page, "#checks-content .card:first-child .badge").hasText("refused");
            that(page, "#checks-content .card:first-child .badge").hasCSS("color", "rgb(164, 14, 38)");
            that(page, "#checks-content .card:last-child .badge").hasText("ok");
            that(page, "#checks-content .card:last-child canvas").hasCount(1);
            page.locator("#checks-content .card:first-child button").press("Enter");
            that(page, "#check-failures li").not().hasCount(0);
            that(page, "#check-failures").containsText("refused: ");
            that(page, "#check-changes").containsText("failing");
            page.keyboard().press("Escape");
            page.locator("#checks-content .card:last-child button").click();
            that(page, "#check-plots canvas").hasCount(1);
            that(page, "#check-failures").hasText("none");
            page.locator("#check-range").selectOption("minutes");
            that(page, "#check-plots canvas").hasCount(1);
            shoot(page, "check");
            page.keyboard().press("Escape");
            shoot(page, "checks");
            page.setViewportSize(390, 800);
            assertThat(scrollsSideways(page)).isFalse();
        }
    }

    private static JsonObject check(int port) {
        return new JsonObject().put("targets", "tcp://127.0.0.1:" + port).put("everyMillis", 200);
    }

    @Test
    void saysThatAllIsWell() throws Exception {
        JsonObject listeners = Managed.tcp().put("udp", Managed.onAnyPort().put("transport", "udp"));
        try (Managed service = Managed.start(listeners);
                Socket socket = talking(service, "tcp", 100_000)) {
            Page page = open(service);
            that(page, "#headline-title").containsText("All is well: every listener echoes.");
            that(page, "#headline").hasClass("ok");
            that(page, "#headline").hasCSS("border-left-color", "rgb(17, 99, 41)");
            that(page, "#listener-tcp .badge").hasText("up");
            that(page, "#listener-tcp .badge").hasCSS("color", "rgb(17, 99, 41)");
            that(page, "#listener-udp .badge").hasText("up");
            that(page, "#listener-tcp .plot canvas").hasCount(3);
            that(page, "#listener-tcp .addresses").hasText(Pattern.compile("tcp://127\\.0\\.0\\.1:\\d+"));
            that(page, "#checks").isHidden();
            that(page, "#connection-rows tr").not().hasCount(0);
            that(page, "#connection-rows").containsText("127.0.0.1:" + socket.getLocalPort());
            assertThat(page.title()).isEqualTo("✔ Vecho");
            shoot(page, "well");
        }
    }

    @Test
    void tellsFirstWhatIsBrokenSinceWhenAndWhatNext() throws Exception {
        JsonObject listeners = Managed.tcp().put("full", Managed.onAnyPort().put("maxConnections", 1));
        try (Managed service = Managed.start(listeners);
                Socket socket = talking(service, "full", 10)) {
            Page page = open(service);
            that(page, "#headline-title").hasText("Listener full does not echo");
            that(page, "#headline").hasCSS("border-left-color", "rgb(164, 14, 38)");
            Locator first = page.locator("#problems li").first();
            PlaywrightAssertions.assertThat(first).containsText("broken");
            PlaywrightAssertions.assertThat(first).containsText(Pattern.compile("Since \\d\\d:\\d\\d:\\d\\d \\("));
            PlaywrightAssertions.assertThat(first).containsText("Next: ");
            that(page, "#listener-full .badge").hasText("down");
            that(page, "#listener-full .badge").hasCSS("color", "rgb(164, 14, 38)");
            that(page, "#listener-tcp .badge").hasText("up");
            shoot(page, "broken");
            socket.shutdownOutput();
            that(page, "#listener-full .badge").not().hasText("down");
        }
    }

    @Test
    void asksForTheTokenAndKeepsItInTheTab() throws Exception {
        try (Managed service = Managed.start(Managed.tcp(), new JsonObject().put("token", "open-sesame"))) {
            Page page = open(service);
            that(page, "#sign-in").isVisible();
            that(page, "#token").isFocused();
            page.keyboard().type("wrong");
            page.keyboard().press("Enter");
            that(page, "#sign-in-error").hasText("That is not the token.");
            shoot(page, "sign-in");
            page.keyboard().type("open-sesame");
            page.keyboard().press("Enter");
            that(page, "#headline-title").containsText("All is well");
            assertThat(page.url()).doesNotContain("sesame");
            page.reload();
            that(page, "#headline-title").containsText("All is well");
            page.locator("#sign-out").click();
            that(page, "#sign-in").isVisible();
            that(page, "#watch").isHidden();
        }
    }

    @Test
    void sortsFiltersTellsAndClosesConnectionsByKeyboard() throws Exception {
        JsonObject listeners = new JsonObject().put("a", Managed.onAnyPort()).put("b", Managed.onAnyPort());
        try (Managed service = Managed.start(listeners);
                Socket small = talking(service, "a", 10);
                Socket large = talking(service, "b", 50_000)) {
            Page page = open(service);
            that(page, "#connection-rows").containsText(":" + small.getLocalPort());
            page.locator("#head-received button").focus();
            page.keyboard().press("Enter");
            that(page, "#head-received").hasAttribute("aria-sort", "descending");
            PlaywrightAssertions.assertThat(page.locator("#connection-rows tr").first())
                    .containsText(":" + large.getLocalPort());
            page.locator("#filter-text").fill(":" + small.getLocalPort());
            that(page, "#connection-rows tr").hasCount(1);
            page.locator("#connection-rows .address").focus();
            page.keyboard().press("Enter");
            that(page, "#facts").isVisible();
            that(page, "#facts-list").containsText("rtt micros");
            shoot(page, "facts");
            page.keyboard().press("Escape");
            that(page, "#facts").isHidden();
            page.locator("#connection-rows .danger").focus();
            page.keyboard().press("Enter");
            that(page, "#confirm").isVisible();
            that(page, "#confirm button[value=no]").isFocused();
            page.keyboard().press("Enter");
            that(page, "#confirm").isHidden();
            that(page, "#connection-rows tr").hasCount(1);
            page.locator("#connection-rows .danger").focus();
            page.keyboard().press("Enter");
            page.keyboard().press("Tab");
            that(page, "#confirm button[value=yes]").isFocused();
            page.keyboard().press("Enter");
            assertThat(small.getInputStream().read()).isEqualTo(-1);
            that(page, "#connection-rows tr").hasCount(0);
            large.getOutputStream().write("still".getBytes(UTF_8));
            assertThat(large.getInputStream().readNBytes(5)).hasSize(5);
        }
    }

    @Test
    void fitsOnAPhoneInTheDark() throws Exception {
        JsonObject listeners = Managed.tcp().put("full", Managed.onAnyPort().put("maxConnections", 1));
        try (Managed service = Managed.start(listeners);
                Socket full = talking(service, "full", 10);
                Socket socket = talking(service, "tcp", 10)) {
            Page page = open(service.url() + "/", 390, ColorScheme.DARK);
            that(page, "#listener-full .badge").hasText("down");
            that(page, "#listener-full .badge").hasCSS("color", "rgb(255, 154, 162)");
            that(page, "#connection-rows").containsText(":" + socket.getLocalPort());
            assertThat(scrollsSideways(page)).isFalse();
            shoot(page, "phone");
            page.navigate(service.url() + "/page/try.html");
            that(page, "#go").isVisible();
            assertThat(scrollsSideways(page)).isFalse();
            assertThat(full.isClosed()).isFalse();
        }
    }

    @Test
    void triesAListenerFromTheBrowserItself() throws Exception {
        JsonObject http = Managed.onAnyPort().put("transport", "http");
        int port = Ports.free();
        JsonObject listeners = new JsonObject()
                .put("web", http.copy().put("cors", "http://127.0.0.1:" + port))
                .put("strict", http);
        try (Managed service = Managed.start(listeners, new JsonObject().put("port", port))) {
            Page page = open(service.url() + "/page/try.html", 1280, ColorScheme.LIGHT);
            page.locator("#target").fill(address(service, "web"));
            page.locator("#rounds").fill("20");
            page.locator("#go").click();
            that(page, "#result").containsText("✔ All 20 rounds came back: median");
            that(page, "#plot canvas").hasCount(1);
            that(page, "#plot").hasAttribute("aria-label", Pattern.compile("Round trips: median .* ms, p99 .* ms.*"));
            shoot(page, "try");
            page.locator("#target").fill(address(service, "web").replace("http:", "ws:"));
            page.locator("#go").click();
            that(page, "#steps").containsText("connected by WebSocket");
            that(page, "#result").containsText("✔ All 20 rounds came back: median");
            assertThat(complaints).isEmpty();
            // The browser itself complains of what it must not read.
            page.locator("#target").fill(address(service, "strict"));
            page.locator("#go").click();
            that(page, "#result").containsText("✖ 3 of 3 rounds failed");
            that(page, "#result").hasCSS("color", "rgb(164, 14, 38)");
            that(page, "#steps").containsText("cors does not allow http://127.0.0.1:" + port);
            assertThat(complaints).isNotEmpty().allMatch(each -> each.contains("CORS") || each.contains("ERR_FAILED"));
            complaints.clear();
        }
    }

    @Test
    void playsAScriptFromTheServiceStepByStep() throws Exception {
        JsonObject probe = new JsonObject().put("targets", "tcp://127.0.0.1:*").put("clientScripts", true);
        try (Managed service = Managed.start(Managed.tcp(), new JsonObject(), new JsonObject().put("probe", probe));
                ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
            Page page = open(service.url() + "/page/try.html", 1280, ColorScheme.LIGHT);
            that(page, "#probe-allowed").containsText("tcp://127.0.0.1:*");
            page.locator("#probe-target").fill(address(service, "tcp"));
            page.locator("#probe-go").click();
            that(page, "#probe-result").containsText("✔ Passed in");
            that(page, "#probe-plan li").hasCount(4);
            that(page, "#probe-plan li.done").hasCount(4);
            that(page, "#probe-steps").containsText("connected 127.0.0.1:");
            that(page, "#probe-steps pre").not().hasCount(0);
            that(page, "#probe-steps").containsText("This is the mess");
            that(page, "#probe-facts").containsText("connect millis");
            // A script of the reader's own, against somebody who says nothing, step by step.
            page.locator("#probe-target").fill("tcp://127.0.0.1:" + silent.getLocalPort());
            page.locator("#probe-script").selectOption("your own");
            page.locator("#probe-text")
                    .fill(
                            "{\"steps\": [{\"send\": {\"text\": \"hello\"}}, {\"expect\": \"echo\", \"withinMillis\": 3000}]}");
            page.locator("#probe-go").click();
            that(page, "#probe-plan li:last-child").hasClass("now");
            that(page, "#probe-result").containsText("✖ silent: ");
            that(page, "#probe-result").hasCSS("color", "rgb(164, 14, 38)");
            that(page, "#probe-plan li:last-child").hasClass("bad");
            shoot(page, "try-service");
            page.setViewportSize(390, 800);
            assertThat(scrollsSideways(page)).isFalse();
            page.locator("#probe-text").fill("{");
            page.locator("#probe-go").click();
            that(page, "#probe-result").containsText("Your script is not JSON");
            assertThat(complaints).isEmpty();
            page.locator("#probe-script").selectOption("");
            page.locator("#probe-target").fill("tcp://127.0.0.2:7");
            page.locator("#probe-go").click();
            that(page, "#probe-result").containsText("This target may not be probed");
            // The browser tells of the status.
            assertThat(complaints).allMatch(each -> each.contains("403"));
            complaints.clear();
        }
    }

    private static String address(Managed service, String listener) {
        return service.verticle().listeners().stream()
                .filter(each -> each.name().equals(listener))
                .findFirst()
                .orElseThrow()
                .addresses()
                .get(0);
    }

    @Test
    void saysThatTheServiceIsGone() throws Exception {
        Managed service = Managed.start(Managed.tcp());
        try (service) {
            Page page = open(service);
            that(page, "#headline-title").containsText("All is well");
            service.close();
            that(page, "#headline-title").hasText("The service does not answer");
            that(page, "#headline").hasClass("bad");
            that(page, "#live").containsText("no answer since");
        }
        // The browser complains that nobody listens, or that an answer broke off.
        complaints.removeIf(each -> each.contains("net::ERR_"));
    }

    /** Certificates, phases, and the bytes that were wrong. */
    @Test
    void tellsInACheckWhatIsBehindIt() throws Exception {
        int tls = Ports.free();
        int tcp = Ports.free();
        JsonObject listeners = new JsonObject()
                .put(
                        "tls",
                        new JsonObject()
                                .put("host", "127.0.0.1")
                                .put("port", tls)
                                .put("tls", new JsonObject().put("selfSigned", true)))
                .put("tcp", new JsonObject().put("host", "127.0.0.1").put("port", tcp));
        JsonObject trusting = new JsonObject().put("tls", new JsonObject().put("insecure", true));
        JsonObject wrong = new JsonObject("{\"steps\": [{\"send\": {\"text\": \"hello\"}},"
                + " {\"expect\": {\"text\": \"help!\"}, \"withinMillis\": 2000}]}");
        JsonObject checks = new JsonObject()
                .put(
                        "secure",
                        check(tls).put("targets", "tls://127.0.0.1:" + tls).put("script", trusting))
                .put("wrong", check(tcp).put("script", wrong));
        try (Managed service = Managed.start(listeners, new JsonObject(), new JsonObject().put("checks", checks))) {
            Page page = open(service);
            that(page, "#check-secure .badge").hasText("ok");
            that(page, "#check-count").hasText("2 of 2 checks");
            page.locator("#check-secure button").click();
            that(page, "#check-last").containsText("tls millis");
            that(page, "#check-last .chain tbody tr").hasCount(1);
            that(page, "#check-last .chain").containsText(Pattern.compile("CN=.*CN=.*[0-9]+", Pattern.DOTALL));
            that(page, "#check-last").containsText("TLSv1.3");
            shoot(page, "check-chain");
            page.keyboard().press("Escape");
            that(page, "#check-wrong .badge").hasClass(Pattern.compile("bad"));
            page.locator("#check-wrong button").click();
            that(page, "#check-failures pre").not().hasCount(0);
            PlaywrightAssertions.assertThat(page.locator("#check-failures pre").first())
                    .containsText(Pattern.compile("expected\\s+0+3  .*\\bfound\\s+0+3  ", Pattern.DOTALL));
            page.locator("#check-failures summary").first().click();
            PlaywrightAssertions.assertThat(
                            page.locator("#check-failures details").first())
                    .containsText("connect millis");
            shoot(page, "check-bytes");
            page.keyboard().press("Escape");
            page.locator("#check-name").fill("SEC");
            that(page, "#checks-content .card").hasCount(1);
            that(page, "#check-count").hasText("1 of 1 checks, 2 in all");
            // What is broken is told whatever is filtered.
            that(page, "#headline-title").containsText("Check wrong fails");
        }
    }

    /**
     * Full of connections and checks. With {@code -Dvecho.page=full} as many as the documentation gives figures for, which are printed.
     * The updates of ten minutes are played one after another: what each of them would leave behind is in memory after them.
     */
    @Test
    void staysUsableAndSmallWithMany() throws Exception {
        boolean full = "full".equals(System.getProperty("vecho.page"));
        // Both ends of a connection are here, and a process may have only so many files.
        int many = full ? 9000 : 2000;
        int checked = full ? 200 : 60;
        int port = Ports.free();
        int closed = Ports.free();
        JsonObject checks = new JsonObject();
        for (int i = 0; i < checked; i++) {
            checks.put("check-" + i, check(i % 20 == 0 ? closed : port).put("everyMillis", 1000));
        }
        List<Socket> sockets = new ArrayList<>();
        JsonObject listener = new JsonObject()
                .put("host", "127.0.0.1")
                .put("port", port)
                .put("backlog", 4096)
                .put("maxConnections", 50_000);
        try (Managed service = Managed.start(
                new JsonObject().put("tcp", listener), new JsonObject(), new JsonObject().put("checks", checks))) {
            for (int i = 0; i < many; i++) {
                sockets.add(service.connect("tcp"));
            }
            // Played for a while, so that there is something to show.
            Page page = open("about:blank", 1280, ColorScheme.LIGHT);
            page.waitForTimeout(full ? 30_000 : 1);
            page.addInitScript(WATCH);
            if (full) {
                page.addInitScript(AGAIN);
            }
            page.navigate(service.url() + "/");
            that(page, "#connection-count").containsText(Pattern.compile("100 of [0-9,]+ connections"));
            that(page, "#checks-content .card").hasCount(40);
            that(page, "#check-count").hasText("40 of " + checked + " checks");
            that(page, "#checks-content .card:first-child .badge").hasText("refused");
            page.locator("#more-checks").click();
            that(page, "#checks-content .card").hasCount(Math.min(80, checked));
            page.locator("#more").click();
            that(page, "#connection-rows tr").hasCount(200);
            page.locator("#filter-text").fill(":" + sockets.get(many - 1).getLocalPort());
            if (!full) {
                that(page, "#connection-rows tr").hasCount(1);
            }
            if (full) {
                page.waitForTimeout(20_000);
                System.out.println("first view: " + page.evaluate("JSON.stringify(watched.first)"));
                for (String kind : List.of("update", "checks")) {
                    System.out.println(kind + ": " + page.evaluate(SUMMARY, kind));
                }
            }
            stayTheSame(page, full);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    private static void stayTheSame(Page page, boolean full) {
        CDPSession devtools = page.context().newCDPSession(page);
        page.evaluate(UPDATES, full ? 60 : 10);
        long[] before = memory(devtools);
        page.evaluate(UPDATES, full ? 600 : 60);
        long[] after = memory(devtools);
        if (full) {
            System.out.println(
                    "heap, nodes, listeners before: " + Arrays.toString(before) + ", after: " + Arrays.toString(after));
        }
        assertThat(after[1]).as("nodes, were " + before[1]).isLessThan(before[1] + 300);
        assertThat(after[2]).as("listeners, were " + before[2]).isLessThan(before[2] + 100);
        assertThat(after[0]).as("bytes of the heap, were " + before[0]).isLessThan(before[0] + 2_000_000);
    }

    /** What is in use after garbage was collected: bytes, nodes of the document, listeners of events. */
    private static long[] memory(CDPSession devtools) {
        devtools.send("HeapProfiler.collectGarbage");
        devtools.send("HeapProfiler.collectGarbage");
        var counters = devtools.send("Memory.getDOMCounters");
        return new long[] {
            devtools.send("Runtime.getHeapUsage").get("usedSize").getAsLong(),
            counters.get("nodes").getAsLong(),
            counters.get("jsEventListeners").getAsLong()
        };
    }

    /** Notes when the first view is complete, and how long updates take. */
    private static final String WATCH = """
            window.watched = { first: {}, update: [], checks: [] };
            new PerformanceObserver((list) => list.getEntries().forEach((each) => watched[each.name]?.push(each.duration)))
                .observe({ type: "measure" });
            const look = () => {
              const seen = { headline: "#headline-title:not(:empty)", listeners: "#listener-tcp canvas", checks: "#checks-content .card canvas", connections: "#connection-rows tr" };
              for (const [name, selector] of Object.entries(seen)) {
                if (document.querySelector(selector)) {
                  watched.first[name] ??= Math.round(performance.now());
                }
              }
              requestAnimationFrame(look);
            };
            addEventListener("DOMContentLoaded", look);
            """;

    /** Asks the service for its connections again and again, until there are 20,000. */
    private static final String AGAIN = """
            const real = window.fetch;
            window.fetch = async (path, options) => {
              if (!String(path).startsWith("/connections?")) {
                return real(path, options);
              }
              const query = new URLSearchParams(path.slice(13));
              const [told, round, cursor] = query.get("cursor")?.split("|") ?? ["0", "0", ""];
              query.delete("cursor");
              if (cursor) {
                query.set("cursor", cursor);
              }
              const page = await (await real("/connections?" + query, options)).json();
              page.connections.forEach((each) => (each.id += "." + round));
              const now = Number(told) + page.connections.length;
              const next = now + "|" + (page.next ? round : Number(round) + 1) + "|" + (page.next ?? "");
              page.next = now < 20_000 ? next : undefined;
              return new Response(JSON.stringify(page), { status: 200 });
            };
            """;

    private static final String SUMMARY = """
            (kind) => {
              const all = watched[kind].sort((a, b) => a - b);
              return all.length + " updates, median " + all[all.length >> 1].toFixed(1) + " ms, longest " + all.at(-1).toFixed(1) + " ms";
            }""";

    /** As many updates as there would be in so many seconds, each with other figures, at once. */
    private static final String UPDATES = """
            async (seconds) => {
              const [{ showHeadline }, { showListeners }, { look }, { load }, { events }] = await Promise.all(
                ["headline", "listeners", "checks", "connections", "api"].map((name) => import("/page/" + name + ".js")));
              let snapshot;
              let stop;
              const stopped = new Promise((resolve) => (stop = resolve));
              await events("/events", (event, data) => event === "snapshot" && (snapshot = data, stop()), { stop: stopped }).catch(() => {});
              for (let i = 0; i < seconds; i++) {
                snapshot.at = new Date(Date.parse(snapshot.at) + 1000).toISOString();
                for (const each of snapshot.listeners) {
                  each.accepted++;
                  each.second = each.second.map((value) => value + (i % 7));
                }
                showHeadline(snapshot, undefined);
                showListeners(snapshot, true);
                if (i % 2 === 0) {
                  await look();
                }
                if (i % 60 === 0) {
                  await load();
                }
              }
            }""";
}
