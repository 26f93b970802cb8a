package dev.vecho.management;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The files of the page, as a browser asks for them. */
@Timeout(180)
class PageTest {

    private static final Pattern REFERENCE = Pattern.compile("(?:src|href)=\"(/page/[^\"]+)\"|from \"\\./([^\"]+)\"");

    private static Managed guarded;

    @BeforeAll
    static void start() {
        guarded = Managed.start(Managed.tcp(), new JsonObject().put("token", "open-sesame"));
    }

    @AfterAll
    static void stop() {
        guarded.close();
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @Test
    void servesItsFilesWithoutAToken() throws Exception {
        assertThat(header(guarded.get("/"), "Content-Type")).isEqualTo("text/html; charset=utf-8");
        for (String name : Page.files()) {
            HttpResponse<String> response = guarded.get("/page/" + name);
            assertThat(response.statusCode()).as(name).isEqualTo(200);
            assertThat(header(response, "Content-Type"))
                    .as(name)
                    .startsWith(
                            name.endsWith(".js")
                                    ? "text/javascript"
                                    : name.endsWith(".css") ? "text/css" : name.endsWith(".svg") ? "image/" : "text/");
            assertThat(header(response, "X-Content-Type-Options")).as(name).isEqualTo("nosniff");
            Matcher references = REFERENCE.matcher(response.body());
            while (references.find()) {
                String other = references.group(1) == null
                        ? references.group(2)
                        : references.group(1).substring(6);
                assertThat(Page.files()).as(name + " refers to " + other).contains(other);
            }
        }
    }

    @Test
    void allowsNothingInlineAndNothingFromElsewhere() throws Exception {
        for (String path : List.of("/", "/page/index.html", "/page/try.html")) {
            HttpResponse<String> response = guarded.get(path);
            String policy = header(response, "Content-Security-Policy");
            assertThat(policy)
                    .startsWith("default-src 'none'; script-src 'self'; style-src 'self';")
                    .contains("frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(response.body())
                    .as(path)
                    .doesNotContain("<style")
                    .doesNotContain(" style=")
                    .doesNotContainPattern("<script(?![^>]* src=)")
                    .doesNotContainPattern(" on[a-z]+=");
        }
        assertThat(header(guarded.get("/"), "Content-Security-Policy")).contains("connect-src 'self';");
    }

    @Test
    void isAskedForAgainAndSentOnlyIfItIsAnother() throws Exception {
        HttpResponse<String> first = guarded.get("/page/main.js");
        String tag = header(first, "ETag");
        assertThat(tag).matches("\"[0-9a-f]{32}\"");
        assertThat(header(first, "Cache-Control")).isEqualTo("no-cache");
        for (String has : List.of(tag, "W/" + tag, "\"other\", " + tag, "*")) {
            HttpResponse<String> second =
                    guarded.send(guarded.request("/page/main.js").header("If-None-Match", has));
            assertThat(second.statusCode()).as(has).isEqualTo(304);
            assertThat(second.body()).isEmpty();
            assertThat(header(second, "ETag")).isEqualTo(tag);
        }
        assertThat(guarded.send(guarded.request("/page/main.js").header("If-None-Match", "\"other\""))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void takesGetAndHeadOnly() throws Exception {
        HttpResponse<String> head = guarded.send(guarded.request("/").method("HEAD", BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(header(head, "Content-Length")).isEqualTo(header(guarded.get("/"), "Content-Length"));
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH")) {
            HttpResponse<String> response = guarded.send(guarded.request("/").method(method, BodyPublishers.noBody()));
            assertThat(response.statusCode()).as(method).isEqualTo(405);
            assertThat(header(response, "Allow")).isEqualTo("GET, HEAD");
        }
    }

    @Test
    void hasNothingBesideItsFiles() throws Exception {
        for (String path : List.of(
                "/page/",
                "/page/..",
                "/page/../openapi.json",
                "/page/%2e%2e%2fopenapi.json",
                "/page/..%2f..%2fmanagement%2fopenapi.json",
                "/page/..%5copenapi.json",
                "/page//openapi.json",
                "/page/openapi.json",
                "/page/Page.class",
                "/page/main.js%00",
                "/page/uPlot.cjs.js",
                "/page/%2fetc%2fpasswd",
                "/index.html")) {
            HttpResponse<String> response = guarded.get(path);
            assertThat(response.statusCode()).as(path).isIn(401, 404);
            assertThat(response.body()).as(path).doesNotContain("openapi\"").doesNotContain("root:");
        }
    }
}
