package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.ScreenshotOptions;
import dev.vecho.launcher.Vecho.Result;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The report that is a page, in a browser that gives it nothing but the file. */
@Timeout(180)
class HtmlReportIT {

    /** What would become markup, were it not taken for text: a server answers it. */
    private static final String HOSTILE = "</script><img src=x onerror=alert(1)>";

    private static final int ROUNDS = 20;

    @TempDir
    Path directory;

    @Test
    void showsWhatTheJsonHas() throws Exception {
        Path html = directory.resolve("report.html");
        Path json = directory.resolve("report.json");
        Path config = Files.writeString(
                directory.resolve("server.json"), "{\"listeners\":{\"tcp\":{\"host\":\"127.0.0.1\",\"port\":0}}}");
        try (Vecho vecho = Vecho.serve("-c", config.toString());
                ServerSocket hostile = new ServerSocket(0, ROUNDS, InetAddress.getByName("127.0.0.1"))) {
            Thread answering = new Thread(() -> answer(hostile), "hostile");
            answering.start();
            Path script = Files.writeString(
                    directory.resolve("script.json"),
                    new JsonObject()
                            .put(
                                    "targets",
                                    new JsonArray()
                                            .add(vecho.address("tcp"))
                                            .add("tcp://127.0.0.1:1")
                                            .add("http://127.0.0.1:" + hostile.getLocalPort()))
                            .put("repeat", ROUNDS)
                            .put("intervalMillis", 5)
                            .encode());
            Result result = Vecho.run(
                    "check", "-q", "-s", script.toString(), "--report", html.toString(), "--report", json.toString());
            assertThat(result.exitCode()).as(result.out() + result.err()).isEqualTo(1);
        }
        JsonObject run = new JsonObject(Files.readString(json));
        List<String> complaints = new ArrayList<>();
        try (Chromium chromium = Chromium.start()) {
            Page page = chromium.page();
            page.onConsoleMessage(message -> complaints.add(message.text()));
            page.onPageError(complaints::add);
            page.onRequest(request -> {
                if (!request.url().equals(html.toUri().toString())
                        && !request.url().startsWith("data:")) {
                    complaints.add("asks for " + request.url());
                }
            });
            page.navigate(html.toUri().toString());
            assertThat(page.locator("#verdict").textContent()).isEqualTo("failed");
            assertThat(page.locator("#overview tbody tr").count()).isEqualTo(3);
            for (Object each : run.getJsonArray("cases")) {
                assertThat(page.locator("#overview").textContent()).contains(((JsonObject) each).getString("name"));
            }
            // The rounds of each, and the round trips of the one that has any.
            assertThat(page.locator(".plots canvas").count()).isEqualTo(4);
            assertThat(page.locator(".failures li").count()).isEqualTo(2 * ROUNDS);
            assertThat(page.locator(".failures").last().textContent()).contains(HOSTILE);
            assertThat(page.locator("img").count()).isZero();
            page.screenshot(new ScreenshotOptions()
                    .setPath(Path.of("target", "screenshots", "report.png"))
                    .setFullPage(true));
        }
        assertThat(complaints).isEmpty();
    }

    private static void answer(ServerSocket server) {
        try {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    socket.getInputStream().read();
                    socket.getOutputStream()
                            .write(("HTTP/1.1 400 " + HOSTILE + "\r\nContent-Length: 0\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
                    socket.shutdownOutput();
                    socket.getInputStream().readAllBytes();
                }
            }
        } catch (IOException e) {
            // It was closed, or the check has given up: what the page shows tells.
            return;
        }
    }
}
