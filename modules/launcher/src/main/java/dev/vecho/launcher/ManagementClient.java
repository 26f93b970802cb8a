package dev.vecho.launcher;

import dev.vecho.core.config.InvalidInputException;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.net.tls.Identity;
import dev.vecho.net.tls.TlsClient;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The flags of a command that asks the management listener of a running service, and what asks it. */
final class ManagementClient {

    private static final char[] NO_PASSWORD = new char[0];
    private static final Source FLAGS = new Source("command line", Path.of(""), true);

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "URL",
            defaultValue = "http://localhost:7070",
            description = "The management listener, http or https. Default: ${DEFAULT-VALUE}")
    private String url = "";

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "A file with the token that the service wants to see.")
    private @Nullable Path tokenFile;

    @Option(
            names = {"--trust", "--ca"},
            paramLabel = "FILE",
            description = "Certificates of authorities to trust, in PEM. Default: those of the JDK.")
    private @Nullable String trust;

    @Option(names = "--insecure", description = "Trusts any certificate, whatever its name.")
    private boolean insecure;

    @Option(names = "--cert", paramLabel = "FILE", description = "The client's own certificate, in PEM.")
    private @Nullable String certificate;

    @Option(names = "--key", paramLabel = "FILE", description = "Its private key, in PEM.")
    private @Nullable String key;

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "D",
            defaultValue = "5s",
            description = "For the connection, and for each answer. Default: ${DEFAULT-VALUE}")
    private Duration timeout = Duration.ZERO;

    private @Nullable HttpClient client;
    private @Nullable String token;

    /**
     * What the service has answered.
     *
     * @param body empty where it was no JSON
     */
    record Response(int status, JsonObject body) {

        /** What is wrong, of an answer that says so. */
        String detail() {
            return status + " " + body.getString("detail", body.getString("title", ""));
        }
    }

    /** The service's address, as the user wrote it. */
    String url() {
        return url;
    }

    /** Checks the flags; throws an {@link InvalidInputException}. */
    void open() {
        URI target;
        try {
            target = URI.create(url);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(List.of(url + ": is not a URL"));
        }
        boolean known = "http".equals(target.getScheme()) || "https".equals(target.getScheme());
        String path = Objects.requireNonNullElse(target.getRawPath(), "");
        if (!known || target.getHost() == null || !(path.isEmpty() || path.equals("/")) || target.getQuery() != null) {
            throw new InvalidInputException(List.of(url + ": must be http://HOST:PORT or https://HOST:PORT"));
        }
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(timeout);
        if ("https".equals(target.getScheme())) {
            builder.sslContext(tls(target.getHost()));
        } else if (trust != null || insecure || certificate != null || key != null) {
            throw new InvalidInputException(List.of(url + ": flags of TLS have no meaning for http"));
        }
        token = readToken();
        client = builder.build();
    }

    private @Nullable String readToken() {
        if (tokenFile == null) {
            return null;
        }
        try {
            return Files.readString(tokenFile, StandardCharsets.ISO_8859_1).strip();
        } catch (NoSuchFileException e) {
            throw new InvalidInputException(List.of("--token-file: no such file: " + tokenFile));
        } catch (IOException e) {
            throw new InvalidInputException(List.of("--token-file: cannot read " + tokenFile + ": " + e.getMessage()));
        }
    }

    private SSLContext tls(String host) {
        JsonObject json = new JsonObject();
        put(json, "trust", trust);
        put(json, "certificate", certificate);
        put(json, "key", key);
        if (insecure) {
            json.put("insecure", true);
        }
        Problems problems = new Problems();
        TlsClient read = TlsClient.read(Options.of(json, FLAGS, problems), host);
        problems.throwIfAny();
        TlsClient known = Objects.requireNonNull(read);
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(known.identity()), new TrustManager[] {known.trust()}, null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    private static void put(JsonObject json, String name, @Nullable String value) {
        if (value != null) {
            json.put(name, value);
        }
    }

    private static KeyManager @Nullable [] keyManagers(@Nullable Identity identity)
            throws GeneralSecurityException, IOException {
        if (identity == null) {
            return null;
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("own", identity.key(), NO_PASSWORD, identity.chain().toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    /**
     * Asks for a path.
     *
     * @throws IOException with a message that says why there is no answer
     */
    Response get(String path) throws IOException, InterruptedException {
        String base = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base + path)).timeout(timeout);
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpResponse<String> response;
        try {
            response = Objects.requireNonNull(client).send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IOException(reason(e), e);
        }
        try {
            return new Response(response.statusCode(), new JsonObject(response.body()));
        } catch (DecodeException e) {
            return new Response(response.statusCode(), new JsonObject());
        }
    }

    private static String reason(IOException failure) {
        if (failure instanceof java.net.http.HttpTimeoutException) {
            return "no answer in time";
        }
        if (failure instanceof java.net.ConnectException) {
            return "nobody listens there";
        }
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }
}
