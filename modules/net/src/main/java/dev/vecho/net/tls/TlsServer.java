package dev.vecho.net.tls;

import dev.vecho.core.config.Content;
import dev.vecho.core.config.Options;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.DomainWildcardMappingBuilder;
import io.netty.util.Mapping;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** TLS on a listener: its certificates, chosen by the name that a client asks for (SNI, RFC 6066), and its terms. */
public final class TlsServer {

    /** Bounds what a client may send before it has named a server. */
    private static final int MAX_CLIENT_HELLO_BYTES = 16 * 1024;

    /** A name that can be asked for, or a wildcard in its leftmost label; RFC 6125, section 6.4.3. */
    private static final Pattern DNS_NAME = Pattern.compile("(\\*\\.)?[\\p{Alnum}_-]+(\\.[\\p{Alnum}_-]+)*");

    private static final Map<String, ClientAuth> CLIENT_AUTH = new LinkedHashMap<>();

    static {
        CLIENT_AUTH.put("none", ClientAuth.NONE);
        CLIENT_AUTH.put("request", ClientAuth.OPTIONAL);
        CLIENT_AUTH.put("required", ClientAuth.REQUIRE);
    }

    private final String host;
    private final Content content;
    private final Tls tls;
    private final List<SslContext> contexts;
    private final Mapping<String, SslContext> byName;
    private final int handshakeTimeoutMillis;
    private final List<String> notes;
    private final List<Placed> identities;
    private final ClientAuth clientAuth;

    private TlsServer(
            String host,
            Content content,
            Tls tls,
            List<SslContext> contexts,
            Mapping<String, SslContext> byName,
            int handshakeTimeoutMillis,
            List<String> notes,
            List<Placed> identities,
            ClientAuth clientAuth) {
        this.host = host;
        this.content = content;
        this.tls = tls;
        this.contexts = contexts;
        this.byName = byName;
        this.handshakeTimeoutMillis = handshakeTimeoutMillis;
        this.notes = notes;
        this.identities = identities;
        this.clientAuth = clientAuth;
    }

    /**
     * Reads a listener's {@code tls} object. Blocks: it reads files.
     *
     * @param host the listener's, for a self-signed certificate
     * @return null where something is wrong, which is added to the options' problems
     */
    public static @Nullable TlsServer read(Options options, String host) {
        return read(options, host, List.of());
    }

    /**
     * Reads a listener's {@code tls} object. Blocks: it reads files.
     *
     * @param host the listener's, for a self-signed certificate
     * @param alpn application protocols to choose from where the options name none, in order of preference
     * @return null where something is wrong, which is added to the options' problems
     */
    public static @Nullable TlsServer read(Options options, String host, List<String> alpn) {
        return read(options, host, alpn, false);
    }

    /**
     * Reads a listener's {@code tls} object, for connections on which {@link TlsHandler} has to write after the client's close_notify.
     * With {@code auto}, the JDK's engine is preferred: that of OpenSSL closes both directions then.
     *
     * @param host the listener's, for a self-signed certificate
     * @return null where something is wrong, which is added to the options' problems
     */
    public static @Nullable TlsServer readForHalfCloses(Options options, String host) {
        return read(options, host, List.of(), true);
    }

    private static @Nullable TlsServer read(Options options, String host, List<String> alpn, boolean halfCloses) {
        int before = options.problemCount();
        Tls read = Tls.read(options, alpn);
        Tls tls = halfCloses ? read.preferringJdk() : read;
        ClientAuth clientAuth = options.choice("clientAuth", ClientAuth.NONE, CLIENT_AUTH);
        if (clientAuth != ClientAuth.NONE && !options.has("trust")) {
            options.problem("trust", "is missing, clientAuth needs it: the certificates that sign those of clients");
        }
        int handshakeTimeoutMillis = options.integer("handshakeTimeoutMillis", 10_000, 1, 3_600_000);
        List<String> notes = new ArrayList<>();
        List<Placed> identities = readIdentities(options, host, notes);
        options.rejectUnknownKeys();
        if (options.problemCount() > before) {
            return null;
        }
        List<SslContext> contexts = new ArrayList<>();
        for (Placed placed : identities) {
            SslContext context = context(tls, placed, clientAuth, notes);
            if (context != null) {
                contexts.add(context);
            }
        }
        if (contexts.size() < identities.size()) {
            return null;
        }
        Mapping<String, SslContext> byName =
                byName(identities.stream().map(Placed::identity).toList(), contexts, contexts.get(0));
        return new TlsServer(
                host, options.content(), tls, contexts, byName, handshakeTimeoutMillis, notes, identities, clientAuth);
    }

    /**
     * Chooses what a listener has that takes over new options: what it has already where nothing of it has changed, so that a
     * self-signed certificate stays the same.
     */
    public static @Nullable TlsServer keep(@Nullable TlsServer now, @Nullable TlsServer next) {
        boolean same = now != null
                && next != null
                && now.host.equals(next.host)
                && now.content.equals(next.content)
                && now.tls.engines().equals(next.tls.engines());
        return same ? now : next;
    }

    /**
     * An identity, and the options that it is from.
     *
     * @param key where it is told what is wrong with it
     */
    record Placed(Identity identity, Options options, String key) {

        static Placed of(Identity identity, Options options) {
            return new Placed(identity, options, Identity.key(options));
        }
    }

    /** Takes the first engine that can serve with the identity; null if none can, which is a problem. */
    static @Nullable SslContext context(Tls tls, Placed placed, ClientAuth clientAuth, List<String> notes) {
        List<Tls.Refusal> refusals = new ArrayList<>();
        for (SslProvider engine : tls.engines()) {
            try {
                SslContext context = context(tls, placed, clientAuth, engine);
                for (Tls.Refusal refusal : refusals) {
                    notes.add("TLS by the engine " + Tls.name(engine) + ": " + refusal.getMessage());
                }
                return context;
            } catch (Tls.Refusal e) {
                refusals.add(e);
            }
        }
        refusals.get(0).tell(placed.options());
        return null;
    }

    private static SslContext context(Tls tls, Placed placed, ClientAuth clientAuth, SslProvider engine)
            throws Tls.Refusal {
        Identity identity = placed.identity();
        SslContextBuilder builder = SslContextBuilder.forServer(
                        identity.key(), identity.chain().toArray(X509Certificate[]::new))
                .clientAuth(clientAuth);
        if (tls.trust() != null) {
            builder.trustManager(tls.trust());
        }
        SslContext context = tls.build(builder, engine);
        String fault = TlsProof.fault(tls, context);
        if (fault != null) {
            throw new Tls.Refusal(
                    placed.key(),
                    "the engine " + Tls.name(engine) + " cannot serve with its key, " + identity.kind()
                            + ", a handshake fails: " + fault,
                    null);
        }
        return context;
    }

    private static List<Placed> readIdentities(Options options, String host, List<String> notes) {
        List<Placed> identities = new ArrayList<>();
        int before = options.problemCount();
        Identity first = Identity.read(options);
        boolean selfSigned = options.flag("selfSigned", false);
        if (first != null) {
            identities.add(Placed.of(first, options));
        }
        for (Options more : options.objects("certificates")) {
            Identity identity = Identity.read(more);
            more.rejectUnknownKeys();
            if (identity != null) {
                identities.add(Placed.of(identity, more));
            } else if (options.problemCount() == before) {
                more.problem("certificate", "is missing: a file in PEM, with key, or else a keyStore");
            }
        }
        if (selfSigned && (options.has("certificate") || options.has("keyStore") || options.has("certificates"))) {
            options.problem("selfSigned", "stands beside another certificate: give one or the other");
        } else if (selfSigned && SelfSigned.find().isEmpty()) {
            options.problem("selfSigned", "needs the artifact dev.vecho:vecho-selfsigned on the class path");
        } else if (selfSigned) {
            try {
                Identity made = SelfSigned.find().orElseThrow().issue(host);
                identities.add(new Placed(made, options, "selfSigned"));
                notes.add("self-signed certificate, SHA-256 fingerprint "
                        + Identity.fingerprint(made.chain().get(0)));
            } catch (IllegalArgumentException e) {
                options.problem("selfSigned", "cannot make a certificate for the host \"" + host + "\"");
            }
        } else if (identities.isEmpty() && options.problemCount() == before) {
            options.problem(
                    "certificate", "is missing: a file in PEM, with key; or a keyStore; or \"selfSigned\": true");
        }
        return identities;
    }

    /** The DNS names that a certificate is for, those with a wildcard among them. */
    private static Set<String> names(X509Certificate certificate) {
        Set<String> names = new LinkedHashSet<>();
        try {
            if (certificate.getSubjectAlternativeNames() != null) {
                for (List<?> name : certificate.getSubjectAlternativeNames()) {
                    // 2 is dNSName, RFC 5280, section 4.2.1.6.
                    if (name.get(0).equals(2)) {
                        names.add((String) name.get(1));
                    }
                }
            }
        } catch (CertificateParsingException e) {
            // Then it serves as the default certificate only.
            return Set.of();
        }
        return names;
    }

    /** Makes the handler that one connection starts with. */
    public ChannelHandler newHandler(ByteBufAllocator allocator) {
        return newHandler(allocator, PlainText.Answer.ALERT, null);
    }

    /** The same for HTTP, whose clients get a status where they speak it in plain text. */
    public ChannelHandler newHttpHandler(ByteBufAllocator allocator) {
        return newHandler(allocator, PlainText.Answer.HTTP, null);
    }

    /** What certificates that are wrong on purpose are made with, beside this. */
    Tls tls() {
        return tls;
    }

    /** The listener's host. */
    String host() {
        return host;
    }

    /** @param wrong has the contexts of names that are to be served in another way than by this; null for none */
    ChannelHandler newHandler(
            ByteBufAllocator allocator,
            PlainText.Answer answer,
            @Nullable Function<@Nullable String, @Nullable SslContext> wrong) {
        if (contexts.size() == 1 && wrong == null) {
            return newHandler(contexts.get(0), allocator, answer);
        }
        Mapping<String, SslContext> chosen = name -> {
            SslContext other = wrong == null ? null : wrong.apply(name);
            return other == null ? byName.map(name) : other;
        };
        return new SniHandler(wrong == null ? byName : chosen, MAX_CLIENT_HELLO_BYTES, handshakeTimeoutMillis) {
            @Override
            protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
                if (PlainText.isSpoken(in)) {
                    PlainText.answer(ctx, in, answer);
                } else {
                    super.decode(ctx, in, out);
                }
            }

            @Override
            protected SslHandler newSslHandler(SslContext context, ByteBufAllocator allocator) {
                return TlsServer.this.newHandler(context, allocator, null);
            }
        };
    }

    private SslHandler newHandler(SslContext context, ByteBufAllocator allocator, PlainText.@Nullable Answer answer) {
        TlsHandler handler = Tls.setUp(new TlsHandler(tls.newEngine(context, allocator, null, -1), answer));
        handler.setHandshakeTimeoutMillis(handshakeTimeoutMillis);
        return handler;
    }

    /** What an operator should know, such as a self-signed certificate's fingerprint; one line each. */
    public List<String> notes() {
        return notes;
    }

    /** Who the listener is, for an engine that is not made here; the first is for clients that name no server. */
    public List<Identity> identities() {
        return identities.stream().map(Placed::identity).toList();
    }

    /**
     * Whether an engine that is not made here can serve with every identity.
     *
     * @param message is added to the problems for each that it cannot serve with; null for no problem
     */
    public boolean isForBoringSsl(@Nullable String message) {
        boolean all = true;
        for (Placed placed : identities) {
            if (!placed.identity().isForBoringSsl()) {
                all = false;
                if (message != null) {
                    placed.options()
                            .problem(
                                    placed.key(),
                                    message + ", was " + placed.identity().kind());
                }
            }
        }
        return all;
    }

    /**
     * Chooses by the name that a client asks for. Of several identities for a name, the first has it.
     *
     * @param each what is chosen with each identity
     * @param otherwise for all other names, and where none is asked for
     */
    public static <T> Mapping<String, T> byName(List<Identity> identities, List<T> each, T otherwise) {
        DomainWildcardMappingBuilder<T> mapping = new DomainWildcardMappingBuilder<>(otherwise);
        Set<String> seen = new LinkedHashSet<>();
        for (int i = 0; i < identities.size(); i++) {
            T own = each.get(i);
            names(identities.get(i)).stream().filter(seen::add).forEach(name -> mapping.add(name, own));
        }
        return mapping.build();
    }

    /** The DNS names that an identity is chosen for, those with a wildcard among them. */
    private static Set<String> names(Identity identity) {
        Set<String> names = new LinkedHashSet<>(names(identity.chain().get(0)));
        names.removeIf(name -> !DNS_NAME.matcher(name).matches());
        return names;
    }

    /** Whether clients are asked for a certificate. */
    public ClientAuth clientAuth() {
        return clientAuth;
    }

    /** Whom to trust among clients; null for the authorities that Java trusts. */
    public @Nullable TrustManagerFactory trust() {
        return tls.trust();
    }

    /** Application protocols, in order of preference. */
    public List<String> alpn() {
        return tls.alpn();
    }

    /** The versions of TLS, such as {@code TLSv1.3}. */
    public List<String> protocols() {
        return tls.protocols();
    }

    /** Cipher suites by their IANA names; empty for the engine's own choice. */
    public List<String> cipherSuites() {
        return tls.cipherSuites();
    }

    /** How long a client may take for the handshake. */
    public int handshakeTimeoutMillis() {
        return handshakeTimeoutMillis;
    }

    /** The certificates that the listener presents, without those that have signed them. */
    public List<X509Certificate> certificates() {
        return identities().stream().map(identity -> identity.chain().get(0)).toList();
    }

    /** The {@code tls} object with which a client on this machine agrees with the listener, and verifies nothing. */
    public JsonObject forOwnClient() {
        JsonObject client = new JsonObject().put("insecure", true).put("protocols", new JsonArray(tls.protocols()));
        put(client, "cipherSuites", tls.cipherSuites());
        put(client, "keyExchangeGroups", tls.groups());
        put(client, "alpn", tls.alpn());
        return client;
    }

    private static void put(JsonObject client, String key, List<String> values) {
        if (!values.isEmpty()) {
            client.put(key, new JsonArray(values));
        }
    }
}
