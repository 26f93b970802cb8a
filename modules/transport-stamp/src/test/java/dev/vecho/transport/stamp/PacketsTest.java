package dev.vecho.transport.stamp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vecho.core.config.Options;
import dev.vecho.core.config.Problems;
import dev.vecho.core.config.Source;
import dev.vecho.transport.stamp.TestPackets.NoReplyException;
import dev.vecho.transport.stamp.TestPackets.Reply;
import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Octets, as the figures of RFC 8762 and RFC 8972 have them; digests were computed with Python's hmac. */
class PacketsTest {

    private static final HexFormat HEX = HexFormat.of();
    private static final Instant SENT = Instant.parse("2026-01-02T03:04:05.5Z");
    private static final Instant RECEIVED = SENT.plusMillis(250);
    private static final Instant REFLECTED = SENT.plusMillis(375);
    private static final InetSocketAddress SENDER = new InetSocketAddress("192.0.2.1", 50_000);
    private static final InetSocketAddress REFLECTOR = new InetSocketAddress("192.0.2.2", 862);

    /** Sequence number, timestamp, error estimate, SSID, and 28 octets that must be zero. */
    private static final String UNAUTHENTICATED = "00000007" + "ed01b42580000000" + "0001" + "1234" + "00".repeat(28);

    private static final String AUTHENTICATED = "00000007" + "00".repeat(12) + "ed01b42580000000" + "0001" + "1234"
            + "00".repeat(68) + "b4f8abfae3b486e4162d25b3a98e79fd";

    private final List<String> drops = new ArrayList<>();

    @Test
    void writesTimestampsOfNtpAndPtp() {
        assertThat(Timestamps.NTP.encode(SENT)).isEqualTo(0xed01b425_80000000L);
        assertThat(Timestamps.PTP.encode(SENT)).isEqualTo(0x695735a5_1dcd6500L);
        Instant odd = Instant.ofEpochSecond(SENT.getEpochSecond(), 123_456_789);
        for (Timestamps format : Timestamps.values()) {
            assertThat(format.decode(format.encode(odd), SENT)).isEqualTo(odd);
            Instant afterTheEra = Instant.parse("2107-01-01T00:00:00.999999999Z");
            assertThat(format.decode(format.encode(afterTheEra), afterTheEra.minusSeconds(5)))
                    .isEqualTo(afterTheEra);
        }
    }

    @Test
    void writesAnErrorEstimateNeverTooSmall() {
        ErrorEstimate millisecond = new ErrorEstimate(true, Timestamps.NTP, Duration.ofMillis(1));
        assertThat(millisecond.encode()).isEqualTo(0x8f84);
        assertThat(ErrorEstimate.decode(0x8f84).error()).isBetween(Duration.ofMillis(1), Duration.ofNanos(1_008_000));
        assertThat(ErrorEstimate.unknown(Timestamps.PTP).encode()).isEqualTo(0x7beb);
        assertThat(ErrorEstimate.decode(0xffff).error()).isGreaterThan(Duration.ofDays(36_500));
        assertThat(new ErrorEstimate(false, Timestamps.NTP, Duration.ZERO).encode())
                .isEqualTo(1);
    }

    @Test
    void reflectsAPacketOfUnauthenticatedModeStatelessly() {
        String expected = "00000007" + "ed01b425e0000000" + "3beb" + "1234" + "ed01b425c0000000" + "00000007"
                + "ed01b42580000000" + "0001" + "0000" + "ff" + "000000";
        assertThat(reflect(new JsonObject().put("stateful", false), UNAUTHENTICATED))
                .isEqualTo(expected);
    }

    @Test
    void reflectsAPacketOfAuthenticatedMode() {
        String expected = "00000000" + "00".repeat(12) + "ed01b425e0000000" + "3beb" + "1234" + "00".repeat(4)
                + "ed01b425c0000000" + "00".repeat(8) + "00000007" + "00".repeat(12) + "ed01b42580000000" + "0001"
                + "00".repeat(6) + "ff" + "00".repeat(15) + "981e2823d5488dd2cb935df7890823b8";
        assertThat(reflect(key(), AUTHENTICATED)).isEqualTo(expected);
    }

    @Test
    void numbersInASessionThatASsidTellsApart() {
        Reflector reflector = reflector(new JsonObject());
        assertThat(answer(reflector, UNAUTHENTICATED)).startsWith("00000000");
        assertThat(answer(reflector, UNAUTHENTICATED)).startsWith("00000001");
        String other = UNAUTHENTICATED.replace("00011234", "00014321");
        assertThat(answer(reflector, other)).startsWith("00000000");
        assertThat(answer(reflector, UNAUTHENTICATED)).startsWith("00000002");
    }

    @Test
    void answersInTheSendersFormatOfTimestamps() {
        String ptp = "00000007" + "695735a51dcd6500" + "4001" + "1234" + "00".repeat(28);
        String answer = reflect(new JsonObject().put("clockSource", "ntp").put("clockErrorMicros", 1000), ptp);
        assertThat(answer).startsWith("00000000" + "695735a5" + "342770c0" + "cf84" + "1234" + "695735a5" + "2cb41780");
    }

    @Test
    void refusesWhatIsShortOrNotAuthentic() {
        assertThat(reflect(new JsonObject(), UNAUTHENTICATED.substring(0, 80))).isEmpty();
        assertThat(reflect(key(), AUTHENTICATED.substring(0, 222))).isEmpty();
        assertThat(reflect(key(), AUTHENTICATED.replace("00011234", "00011235")))
                .isEmpty();
        assertThat(drops)
                .containsExactly("too short for a test packet", "too short for a test packet", "with a wrong HMAC");
    }

    @Test
    void answersAPacketOfTwampWithAsManyOctets() {
        String answer = reflect(new JsonObject(), UNAUTHENTICATED.substring(0, 82));
        assertThat(answer).hasSize(82).endsWith("ed01b42580000000" + "0001" + "0000" + "ff");
    }

    @Test
    void fillsInTheExtensionsThatItKnowsAndFlagsTheOthers() {
        String asked = UNAUTHENTICATED
                + "80030004" + "00000000"
                + "80070010" + "00".repeat(16)
                + "80060004" + "10010000"
                + "80040004" + "b8000000"
                + "80010003" + "abcdef"
                + "80080010" + "11".repeat(16);
        Reflector reflector =
                reflector(new JsonObject().put("clockSource", "ptp").put("clockErrorMicros", 1));
        assertThat(answer(reflector, asked).substring(88))
                .isEqualTo("00030004" + "02020202"
                        + "00070010" + "00".repeat(16)
                        + "00060004" + "10010000"
                        + "80040004" + "b8000000"
                        + "00010003" + "abcdef"
                        + "80080010" + "11".repeat(16));
        assertThat(answer(reflector, asked).substring(104, 144))
                .isEqualTo("00070010" + "00000000" + "ed01b425e0000000" + "02000000");
    }

    @Test
    void flagsMalformedExtensionsAndSendsThemBackAsTheyAre() {
        for (String malformed : List.of("80", "8001", "800100", "80010005abcd", "80030005aabbccddee", "80010001ab80")) {
            String answer =
                    reflect(new JsonObject(), UNAUTHENTICATED + malformed).substring(88);
            assertThat(answer).as(malformed).hasSize(malformed.length());
            String flags = malformed.length() == 12 && malformed.startsWith("80010001")
                    ? answer.substring(10)
                    : answer.substring(0, 2);
            assertThat(Integer.parseInt(flags, 16) & Extension.MALFORMED)
                    .as(malformed)
                    .isNotZero();
        }
    }

    @Test
    void flagsExtensionsWhoseHmacIsMissingOrWrong() {
        assertThat(reflect(key(), AUTHENTICATED + "80030004" + "00000000").substring(224))
                .isEqualTo("20030004" + "00000000");
        assertThat(reflect(key(), AUTHENTICATED + "80010002" + "abcd").substring(224))
                .as("padding needs none")
                .isEqualTo("00010002" + "abcd");
        assertThat(reflect(key(), AUTHENTICATED + "80030004" + "00000000" + "80080010" + "11".repeat(16))
                        .substring(224))
                .isEqualTo("20030004" + "00000000" + "20080010" + "11".repeat(16));
    }

    @Test
    void authenticatesTheExtensionsOfAReply() throws Exception {
        StampOptions options = StampOptions.read(options(key()));
        TestPackets packets = new TestPackets(options, 0x1234);
        byte[] message = "payload".getBytes(StandardCharsets.US_ASCII);
        byte[] asked = packets.write(7, SENT, message);
        String answer = reflect(key(), HEX.formatHex(asked));
        Reply reply = packets.read(HEX.parseHex(answer), REFLECTED);
        assertThat(reply.padding()).isEqualTo(Buffer.buffer(message));
        assertThat(reply.received()).isEqualTo(RECEIVED);
        assertThat(reply.sent()).isEqualTo(REFLECTED);
        assertThat(reply.timestamping()).isEqualTo(0x05020502);
        byte[] spoiled = HEX.parseHex(answer);
        spoiled[130] ^= 1;
        assertThat(packets.read(spoiled, REFLECTED).padding()).isNull();
        spoiled[100] ^= 1;
        assertThatThrownBy(() -> packets.read(spoiled, REFLECTED))
                .isInstanceOf(NoReplyException.class)
                .hasMessage("wrong HMAC");
    }

    @Test
    void boundsItsSessionsAndForgetsSilentOnes() {
        long[] now = {0};
        JsonObject json = new JsonObject().put("maxSessions", 2).put("sessionTimeoutMillis", 1000);
        Reflector reflector =
                new Reflector(ReflectorOptions.read(options(json)), InstantSource.fixed(SENT), () -> now[0]);
        List<String> ssids = List.of("0001", "0002", "0003");
        List<@Nullable String> answers = new ArrayList<>();
        for (String ssid : ssids) {
            answers.add(answer(reflector, UNAUTHENTICATED.replace("00011234", "0001" + ssid)));
        }
        assertThat(answers).last().isEqualTo("");
        assertThat(drops).containsExactly("over maxSessions");
        now[0] = Duration.ofMillis(1001).toNanos();
        assertThat(answer(reflector, UNAUTHENTICATED.replace("00011234", "00010003")))
                .startsWith("00000000");
        Reflector next = new Reflector(ReflectorOptions.read(options(json)), InstantSource.fixed(SENT), () -> now[0]);
        next.replaces(reflector);
        assertThat(answer(next, UNAUTHENTICATED.replace("00011234", "00010003")))
                .as("after a reload")
                .startsWith("00000001");
    }

    @Test
    void tellsWhatIsWrongWithTheOptions() {
        assertThat(problems(new JsonObject().put("key", "hex:0")))
                .containsExactly("test: key: must have pairs of hexadecimal digits after hex:");
        assertThat(problems(new JsonObject().put("clockSource", "sundial")))
                .containsExactly("test: clockSource: must be one of none, ntp, ptp, bits, gnss, was \"sundial\"");
        assertThat(problems(new JsonObject().put("key", "secret one")))
                .first()
                .asString()
                .doesNotContain("secret");
        assertThat(new SharedKey("secret").toString()).doesNotContain("secret");
        assertThat(new SharedKey("hex:766563686f2d746573742d6b6579")
                        .authenticator()
                        .ofPacket(HEX.parseHex(AUTHENTICATED)))
                .isEqualTo(HEX.parseHex("b4f8abfae3b486e4162d25b3a98e79fd"));
    }

    private static List<String> problems(JsonObject json) {
        Problems problems = new Problems();
        ReflectorOptions.read(Options.of(json, Source.named("test"), problems));
        return problems.messages();
    }

    private static JsonObject key() {
        return new JsonObject().put("key", "vecho-test-key");
    }

    private static Options options(JsonObject json) {
        return Options.of(json, Source.named("test"), new Problems());
    }

    private static Reflector reflector(JsonObject json) {
        Deque<Instant> times = new ArrayDeque<>();
        InstantSource clock = () -> {
            if (times.isEmpty()) {
                times.addAll(List.of(RECEIVED, REFLECTED));
            }
            return times.remove();
        };
        return new Reflector(ReflectorOptions.read(options(json)), clock, System::nanoTime);
    }

    /** In hexadecimal; empty for no answer. */
    private String reflect(JsonObject json, String packet) {
        return answer(reflector(json), packet);
    }

    private String answer(Reflector reflector, String packet) {
        Buffer answer = reflector.answer(SENDER, REFLECTOR, Unpooled.wrappedBuffer(HEX.parseHex(packet)), drops::add);
        return answer == null ? "" : HEX.formatHex(answer.getBytes());
    }
}
