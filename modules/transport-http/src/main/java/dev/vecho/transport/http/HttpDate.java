package dev.vecho.transport.http;

import io.netty.util.AsciiString;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The time as the header {@code Date} has it: RFC 9110, section 5.6.7. Formatted once a second; for any thread. */
final class HttpDate {

    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private static volatile Second last = new Second(Long.MIN_VALUE, AsciiString.EMPTY_STRING);

    private record Second(long number, AsciiString text) {}

    private HttpDate() {}

    static AsciiString now() {
        long number = TimeUnit.MILLISECONDS.toSeconds(System.currentTimeMillis());
        Second known = last;
        if (known.number() != number) {
            known = new Second(number, AsciiString.of(FORMAT.format(Instant.ofEpochSecond(number))));
            last = known;
        }
        return known.text();
    }
}
