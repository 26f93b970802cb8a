package dev.vecho.management;

import dev.vecho.management.Route.Call;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of the page, from the jar. There are those that are named here and no others, whatever is asked for. They tell nothing of the
 * service, so that they need no token: a browser sends none before it has the page that asks for it.
 */
final class Page {

    static final String INDEX = "index.html";

    /** From where scripts may connect to other ports, to try listeners; it has no use for the token but to ask which there are. */
    private static final String TRY = "try.html";

    private static final Set<String> OWN = Set.of(
            INDEX,
            TRY,
            "style.css",
            "icon.svg",
            "main.js",
            "api.js",
            "format.js",
            "headline.js",
            "listeners.js",
            "connections.js",
            "checks.js",
            "spark.js",
            "try.js",
            "probe.js");

    private static final Set<String> OF_UPLOT = Set.of("uPlot.esm.js", "uPlot.min.css");
    private static final String UPLOT = "META-INF/resources/webjars/uplot/1.6.30/dist/";

    /** Nothing inline, nothing from elsewhere, in no frame. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            + "connect-src %s; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final Vertx vertx;
    private final Map<String, File> read = new ConcurrentHashMap<>();

    Page(Vertx vertx) {
        this.vertx = vertx;
    }

    /** A file, and the tag by which a browser asks whether it still has the right one. */
    private record File(Buffer content, String tag) {}

    /** The names of all files. */
    static List<String> files() {
        return Stream.concat(OWN.stream(), OF_UPLOT.stream()).sorted().toList();
    }

    /** A file of the page. */
    Future<Answer> answer(String name, Call call) {
        if (!OWN.contains(name) && !OF_UPLOT.contains(name)) {
            return Future.succeededFuture(Answer.problem(404, "The page has no such file."));
        }
        File known = read.get(name);
        Future<File> file = known == null
                ? vertx.executeBlocking(() -> read.computeIfAbsent(name, Page::read), false)
                : Future.succeededFuture(known);
        return file.map(found -> answer(name, found, call.headers().get("If-None-Match")));
    }

    private static File read(String name) {
        boolean own = OWN.contains(name);
        String resource = own ? "page/" + name : UPLOT + name;
        // A class finds what is in its own module only.
        try (InputStream in = own
                ? Page.class.getResourceAsStream(resource)
                : Page.class.getClassLoader().getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the jar has no " + resource);
            }
            byte[] content = in.readAllBytes();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return new File(Buffer.buffer(content), '"' + HexFormat.of().formatHex(digest, 0, 16) + '"');
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new IllegalStateException("cannot read " + resource, e);
        }
    }

    /** Browsers keep it, and ask each time whether it is still the one: another version of Vecho may have others. */
    private static Answer answer(String name, File file, @Nullable String has) {
        boolean same = has != null && Stream.of(has.split(",", -1)).anyMatch(each -> isTag(each.strip(), file.tag()));
        Answer answer = same
                ? new Answer(304, "", Buffer.buffer(), Map.of())
                : new Answer(200, type(name), file.content(), Map.of());
        return answer.with("ETag", file.tag())
                .with("Cache-Control", "no-cache")
                .with("Content-Security-Policy", POLICY.formatted(name.equals(TRY) ? "* ws: wss:" : "'self'"))
                .with("Cross-Origin-Opener-Policy", "same-origin")
                .with("Cross-Origin-Resource-Policy", "same-origin")
                .with("Referrer-Policy", "no-referrer");
    }

    /** As RFC 9110, section 13.1.2, compares them. */
    private static boolean isTag(String given, String own) {
        return given.equals("*") || (given.startsWith("W/") ? given.substring(2) : given).equals(own);
    }

    private static String type(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> throw new IllegalArgumentException(name);
        };
    }
}
