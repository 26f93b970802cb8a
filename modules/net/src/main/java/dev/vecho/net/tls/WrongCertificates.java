package dev.vecho.net.tls;

import dev.vecho.core.Faults;
import dev.vecho.core.Services;
import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.handler.ssl.SslContext;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Certificates of a listener that are wrong on purpose, by the names that clients ask for. What is wrong with one is the only thing that
 * is, as far as the listener's own certificate may sign others: whoever trusts that one trusts these, but for that.
 */
public final class WrongCertificates {

    /** For all other names, and for clients that name none. */
    private static final String OTHERS = "*";

    private final Map<String, Faults.Certificate> kinds;
    private final TlsServer server;
    private final Map<String, SslContext> contexts;

    private WrongCertificates(
            Map<String, Faults.Certificate> kinds, TlsServer server, Map<String, SslContext> contexts) {
        this.kinds = kinds;
        this.server = server;
        this.contexts = contexts;
    }

    /**
     * Makes them. Blocks for some milliseconds.
     *
     * @param options of the listener
     * @return null where there are none, or something is wrong, which is added to the problems
     */
    public static @Nullable WrongCertificates of(
            Map<String, Faults.Certificate> kinds, @Nullable TlsServer server, Options options) {
        if (kinds.isEmpty() || server == null) {
            return null;
        }
        Options faults = options.object(Services.FAULTS);
        if (SelfSigned.find().isEmpty()) {
            faults.problem("certificates", "needs the artifact dev.vecho:vecho-selfsigned on the class path");
            return null;
        }
        int before = options.problemCount();
        WrongCertificates made = new WrongCertificates(kinds, server, contexts(kinds, server, faults));
        return options.problemCount() > before ? null : made;
    }

    private static Map<String, SslContext> contexts(
            Map<String, Faults.Certificate> kinds, TlsServer server, Options options) {
        SelfSigned maker = SelfSigned.find().orElseThrow();
        Identity own = server.identities().get(0);
        Identity issuer = own.chain().get(0).getBasicConstraints() >= 0 ? own : null;
        Map<String, SslContext> contexts = new HashMap<>();
        kinds.forEach((name, wrong) -> {
            String host = name.equals(OTHERS) ? server.host() : name;
            try {
                TlsServer.Placed placed =
                        new TlsServer.Placed(maker.issue(host, wrong, issuer), options, "certificates");
                SslContext context = TlsServer.context(server.tls(), placed, server.clientAuth(), new ArrayList<>());
                if (context != null) {
                    contexts.put(name, context);
                }
            } catch (IllegalArgumentException e) {
                options.problem("certificates", "cannot make one for \"" + name + "\": " + e.getMessage());
            }
        });
        return contexts;
    }

    /** What a listener has after these that keeps its TLS: those that were made for another certificate are made again. */
    public static @Nullable WrongCertificates keep(
            @Nullable WrongCertificates now, @Nullable WrongCertificates next, @Nullable TlsServer kept) {
        if (next == null || kept == null || next.server == kept) {
            return next;
        }
        return now != null && now.server == kept && now.kinds.equals(next.kinds)
                ? now
                : of(next.kinds, kept, Options.of(new JsonObject(), Source.named("reload"), new Problems()));
    }

    private Optional<SslContext> of(@Nullable String asked) {
        String name = asked == null ? "" : asked.toLowerCase(Locale.ROOT);
        int dot = name.indexOf('.');
        String wildcard = dot < 0 ? OTHERS : OTHERS + name.substring(dot);
        SslContext found = contexts.get(name);
        found = found == null ? contexts.get(wildcard) : found;
        return Optional.ofNullable(found == null ? contexts.get(OTHERS) : found);
    }

    /**
     * Makes the handler that one connection starts with, as {@link TlsServer#newHandler(ByteBufAllocator)} does.
     *
     * @param http as for {@link TlsServer#newHttpHandler}
     * @param chosen is called where a certificate is wrong
     */
    public ChannelHandler newHandler(ByteBufAllocator allocator, boolean http, Runnable chosen) {
        return server.newHandler(allocator, http ? PlainText.Answer.HTTP : PlainText.Answer.ALERT, name -> {
            SslContext wrong = of(name).orElse(null);
            if (wrong != null) {
                chosen.run();
            }
            return wrong;
        });
    }
}
