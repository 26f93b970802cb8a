package dev.vecho.monitor;

import dev.vecho.core.config.Content;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.SecretText;
import dev.vecho.net.tls.TlsClient;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who is told of changes, as the configuration has it, validated.
 *
 * @param name its key
 * @param url where to, without user and password; with the path of the format
 * @param authorization the header; null for none
 * @param tls null for plain HTTP
 * @param timeout for a request and its answer
 * @param hold how long after a change of a case the next one of it is told at the earliest
 * @param repeat how often what is failing is told again, where the format wants that
 * @param attempts how often it is tried to tell a change
 * @param page where people find more; null where that is not known
 * @param content what the configuration says of it
 */
record ReceiverOptions(
        String name,
        NotificationFormat format,
        URI url,
        @Nullable String authorization,
        @Nullable TlsClient tls,
        Duration timeout,
        Duration hold,
        Duration repeat,
        int attempts,
        @Nullable String page,
        Content content) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");
    private static final String ALERTS = "/api/v2/alerts";
    private static final URI NONE = URI.create("http://localhost");

    private static final Map<String, NotificationFormat> FORMATS = new LinkedHashMap<>();

    static {
        FORMATS.put("json", NotificationFormat.JSON);
        FORMATS.put("alertmanager", NotificationFormat.ALERTMANAGER);
    }

    /** What has no meaning where Vert.x makes the engine, for HTTP/1.1 and the name in the URL. */
    private static final List<String> NOT_OF_TLS = List.of("engine", "keyExchangeGroups", "alpn", "serverName");

    /**
     * Reads one. Blocks: it opens the files that it names.
     *
     * @return null where it is switched off, or something is wrong, which is added to {@code all}
     */
    static @Nullable ReceiverOptions read(Options all, String name) {
        int before = all.problemCount();
        Options options = all.object(name);
        if (options.problemCount() > before || !options.flag("enabled", true)) {
            return null;
        }
        if (!NAME.matcher(name).matches()) {
            all.problem(name, "must be named with letters, digits, \"-\" and \"_\" only");
        }
        NotificationFormat format = options.choice("format", NotificationFormat.JSON, FORMATS);
        String key = options.has("urlFile") ? "urlFile" : "url";
        URI given = url(options, key);
        URI url = given == null ? NONE : given;
        String token = SecretText.read(options, "token", "tokenFile");
        if (url.getRawUserInfo() != null && (options.has("token") || options.has("tokenFile"))) {
            options.problem(key, "has a user, which excludes token and tokenFile");
        }
        TlsClient tls = tls(options, key, url);
        Duration timeout = options.millis("timeoutMillis", Duration.ofSeconds(10), Duration.ofMillis(1));
        Duration hold = options.millis("holdMillis", Duration.ofMinutes(1), Duration.ZERO);
        Duration repeat = options.millis("repeatMillis", Duration.ofMinutes(1), Duration.ofSeconds(1));
        int attempts = options.integer("attempts", 20, 1, 1000);
        String page = options.text("page");
        options.rejectUnknownKeys();
        if (options.problemCount() > before) {
            return null;
        }
        return new ReceiverOptions(
                name,
                format,
                whole(url, format),
                authorization(url, token),
                tls,
                timeout,
                hold,
                repeat,
                attempts,
                page,
                options.content());
    }

    /** Where it is sent to, without what may be secret in it. */
    String place() {
        return url.getScheme() + "://" + url.getRawAuthority();
    }

    /** Null where it is missing or wrong. */
    private static @Nullable URI url(Options options, String key) {
        // A user and a query may be secrets.
        String shown = String.valueOf(options.content().json().getValue("url"));
        String plain = shown.contains("@") || shown.contains("?") ? options.secret("url") : options.text("url");
        String fromFile = SecretText.file(options, "url", "urlFile");
        if (!options.has("url") && !options.has("urlFile")) {
            options.problem("url", "is missing: give url or urlFile");
        }
        String text = key.equals("urlFile") ? fromFile : plain;
        if (text == null) {
            return null;
        }
        try {
            URI url = new URI(text);
            boolean known = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
            if (known && url.getHost() != null && url.getRawFragment() == null && url.getPort() <= 65_535) {
                return url;
            }
        } catch (URISyntaxException e) {
            // Told below: its message has the text in it.
            text = "";
        }
        options.problem(key, "must be a URL, http://HOST[:PORT][/PATH] or https://…");
        return null;
    }

    private static @Nullable TlsClient tls(Options options, String key, URI url) {
        if (!options.has("tls") && !url.getScheme().equals("https")) {
            return null;
        }
        Options own = options.object("tls");
        if (!url.getScheme().equals("https")) {
            options.problem("tls", "has no meaning for http: give https in " + key);
            return null;
        }
        NOT_OF_TLS.forEach(each ->
                own.refuse(each, "has no meaning here: it is HTTP/1.1 on the JDK's TLS to the host of the URL"));
        return TlsClient.read(own, host(url));
    }

    /** Without brackets. */
    private static String host(URI url) {
        return url.getHost().replaceAll("[\\[\\]]", "");
    }

    private static URI whole(URI url, NotificationFormat format) {
        String path = Objects.requireNonNullElse(url.getRawPath(), "");
        if (format == NotificationFormat.ALERTMANAGER && !path.endsWith(ALERTS)) {
            path = path.replaceFirst("/$", "") + ALERTS;
        }
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        String port = url.getPort() < 0 ? "" : ":" + url.getPort();
        return URI.create(url.getScheme() + "://" + url.getHost() + port + (path.isEmpty() ? "/" : path) + query);
    }

    private static @Nullable String authorization(URI url, @Nullable String token) {
        if (url.getUserInfo() != null) {
            byte[] user = url.getUserInfo().getBytes(StandardCharsets.UTF_8);
            return "Basic " + Base64.getEncoder().encodeToString(user);
        }
        return token == null ? null : "Bearer " + token;
    }
}
