package dev.vecho.services;

import dev.vecho.core.ConfiguredService;
import dev.vecho.core.Peer;
import dev.vecho.core.Service;
import dev.vecho.core.config.Options;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Clock;

/**
 * Tells the seconds since 1900 in UTC as four bytes, the highest first. They begin again at 0 in February 2036.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc868">RFC 868</a>
 */
public final class TimeService implements Service {

    /** From 1900 to 1970. */
    private static final long OFFSET_SECONDS = 2_208_988_800L;

    private final Clock clock;

    /** Called by {@link java.util.ServiceLoader}. */
    public TimeService() {
        this(Clock.systemUTC());
    }

    TimeService(Clock clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "time";
    }

    @Override
    public ConfiguredService read(Vertx vertx, Options options) {
        return new OneAnswer() {
            @Override
            Buffer answer(Peer peer) {
                return Buffer.buffer().appendInt((int) (clock.instant().getEpochSecond() + OFFSET_SECONDS));
            }
        };
    }
}
