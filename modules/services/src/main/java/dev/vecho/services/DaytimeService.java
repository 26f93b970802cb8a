package dev.vecho.services;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.Service;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Tells the time in words, always that of UTC: {@code Tuesday, February 22, 1982 17:37:43-UTC}.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc867">RFC 867</a>
 */
public final class DaytimeService implements Service {

    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("EEEE, MMMM d, yyyy HH:mm:ss'-UTC\r\n'", Locale.US);

    private final Clock clock;

    /** Called by {@link java.util.ServiceLoader}. */
    public DaytimeService() {
        this(Clock.systemUTC());
    }

    DaytimeService(Clock clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "daytime";
    }

    @Override
    public ConfiguredService read(Vertx vertx, Options options) {
        return new OneAnswer() {
            @Override
            public String contentType() {
                return "text/plain";
            }

            @Override
            Buffer answer(Peer peer) {
                return Buffer.buffer(FORMAT.format(ZonedDateTime.ofInstant(clock.instant(), ZoneOffset.UTC)));
            }
        };
    }
}
