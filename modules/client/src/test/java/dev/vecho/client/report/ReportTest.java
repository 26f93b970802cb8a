package dev.vecho.client.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.client.CaseReport;
import dev.vecho.client.RunReport;
import dev.vecho.client.script.Budget;
import dev.vecho.client.script.Budget.Item;
import dev.vecho.client.script.Case;
import dev.vecho.client.script.ExpectedFailure;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ReportTest {

    private static final Diagnosis CORRUPTED = new Diagnosis(
            FailureKind.CORRUPTED, null, "byte 7 came back as 0x00, expected 0xff", 1, 7L, "ff01", "0001");

    @Test
    void writesPassedRound() {
        assertThat(report(1, null, 412_345, 1_000_000).toJson()).isEqualTo(new JsonObject("""
                { "version": 2, "target": "tcp://localhost:7007", "round": 1,
                  "startedAt": "2026-01-02T03:04:05Z", "durationMillis": 2.5, "verdict": "passed",
                  "localAddress": "127.0.0.1:5", "remoteAddress": "127.0.0.1:7007",
                  "details": { "protocol": "TLSv1.3" },
                  "phases": { "connectMillis": 0.25, "firstByteMillis": 0.3, "lastByteMillis": 0.4 },
                  "bytesSent": 42, "bytesReceived": 41, "roundTripMillis": [ 0.412, 1.0 ],
                  "roundTrips": { "count": 2, "min": 0.412, "mean": 0.706, "p50": 0.412, "p90": 1.0, "p99": 1.0,
                                  "p999": 1.0, "max": 1.0 },
                  "seed": 7 }"""));
    }

    @Test
    void writesFailedRound() {
        JsonObject json = report(1, CORRUPTED).toJson();
        assertThat(json.getString("verdict")).isEqualTo("failed");
        assertThat(json.getJsonObject("diagnosis")).isEqualTo(new JsonObject("""
                { "word": "corrupted", "sentence": "byte 7 came back as 0x00, expected 0xff", "step": 1,
                  "offset": 7, "expected": "ff01", "found": "0001" }"""));
    }

    @Test
    void writesWordsInLowerCaseWithHyphen() {
        assertThat(Arrays.stream(FailureKind.values()).map(FailureKind::toString))
                .contains("dns", "half-close", "silent")
                .allMatch(word -> word.matches("[a-z-]+"));
    }

    @Test
    void writesReasonMessagesWarningsAndCorrectedRoundTrips() {
        Report plain = report(
                1, Diagnosis.of(FailureKind.TLS, "the certificate has expired").because("expired"));
        Report report = new Report(
                plain.target(),
                plain.round(),
                plain.startedAt(),
                plain.duration(),
                plain.diagnosis(),
                plain.localAddress(),
                plain.remoteAddress(),
                plain.details(),
                plain.phases(),
                plain.bytesSent(),
                plain.bytesReceived(),
                RoundTrips.NONE,
                RoundTrips.of(Duration.ofMillis(4)),
                new Report.Messages(5, 4, 3, 2, 1, Duration.ofNanos(1_500_000)),
                List.of(new Report.Warning("family", "only IPv4 answers")),
                Duration.ZERO,
                7);

        JsonObject json = report.toJson();

        assertThat(json.getJsonObject("diagnosis")).isEqualTo(new JsonObject("""
                { "word": "tls", "reason": "expired", "sentence": "the certificate has expired" }"""));
        assertThat(json.getJsonObject("messages")).isEqualTo(new JsonObject("""
                { "sent": 5, "received": 4, "lost": 3, "duplicated": 2, "reordered": 1, "jitterMillis": 1.5 }"""));
        assertThat(json.getJsonArray("warnings"))
                .isEqualTo(new JsonArray("[{ \"word\": \"family\", \"sentence\": \"only IPv4 answers\" }]"));
        assertThat(json.getJsonObject("corrected").getDouble("p99")).isEqualTo(4.0);
        assertThat(json.containsKey("roundTrips")).isFalse();
    }

    @Test
    void addsRoundsUp() {
        CaseReport target = played(
                "tcp://localhost:7007",
                report(1, null, 3_000_000),
                report(2, CORRUPTED),
                report(3, null, 1_000_000, 2_000_000));

        assertThat(target.passed()).isFalse();
        assertThat(target.summary().toJson()).isEqualTo(new JsonObject("""
                { "rounds": 3, "passed": 2, "failed": 1, "missed": 0, "bytesSent": 126, "bytesReceived": 123,
                  "roundTrips": { "count": 3, "min": 1.0, "mean": 2.0, "p50": 2.0, "p90": 3.0, "p99": 3.0,
                                  "p999": 3.0, "max": 3.0 },
                  "phases": { "connectMillis": { "count": 3, "mean": 0.25, "max": 0.25 },
                              "firstByteMillis": { "count": 3, "mean": 0.3, "max": 0.3 },
                              "lastByteMillis": { "count": 3, "mean": 0.4, "max": 0.4 } },
                  "diagnoses": { "corrupted": 1 }, "warnings": {} }"""));
    }

    @Test
    void passesOnlyIfEveryCaseDid() {
        CaseReport good = played("tcp://a:1", report(1, null));
        CaseReport bad = played("tcp://b:1", report(1, null), report(2, CORRUPTED));
        CaseReport unplayed = played("tcp://c:1");

        assertThat(run(good).passed()).isTrue();
        assertThat(run(good, bad).passed()).isFalse();
        assertThat(run(good, unplayed).passed()).isFalse();
    }

    @Test
    void writesRun() {
        CaseReport good = played("tcp://a:1", report(1, null));
        assertThat(run(good).toJson())
                .isEqualTo(new JsonObject()
                        .put("version", 2)
                        .put("verdict", "passed")
                        .put("startedAt", "1970-01-01T00:00:00Z")
                        .put("durationMillis", 1.5)
                        .put("cancelled", false)
                        .put(
                                "cases",
                                new JsonArray()
                                        .add(new JsonObject()
                                                .put("name", "tcp://a:1")
                                                .put("target", "tcp://a:1")
                                                .put("connections", "round")
                                                .put("verdict", "passed")
                                                .put("summary", good.summary().toJson())
                                                .put(
                                                        "rounds",
                                                        new JsonArray()
                                                                .add(report(1, null)
                                                                        .toJson()))
                                                .put("roundsLeftOut", 0))));
    }

    @Test
    void keepsTheFirstFailedRoundsAndTheLastOnes() {
        KeptRounds kept = new KeptRounds();
        for (int i = 1; i <= 1000; i++) {
            kept.add(report(i, i % 3 == 0 ? CORRUPTED : null));
        }
        List<Report> rounds = kept.get();
        assertThat(rounds).hasSize(200);
        assertThat(rounds.subList(0, 100)).allMatch(round -> !round.passed());
        assertThat(rounds.stream().map(Report::round))
                .startsWith(3, 6, 9)
                .endsWith(998, 999, 1000)
                .isSorted()
                .doesNotHaveDuplicates();
    }

    @Test
    void addsUpWhatBecameOfMessages() {
        Totals totals = new Totals();
        totals.add(messages(new Report.Messages(10, 8, 2, 0, 1, Duration.ofMillis(2))));
        totals.add(messages(new Report.Messages(10, 11, 0, 1, 0, Duration.ofMillis(4))));
        totals.add(messages(new Report.Messages(1, 0, 1, 0, 0, null)));
        assertThat(totals.summary().messages()).isEqualTo(new Report.Messages(21, 19, 3, 1, 1, Duration.ofMillis(3)));
        assertThat(totals.summary().corrected().each()).containsOnly(Duration.ofMillis(4));
        assertThat(totals.summary().warnings()).isEqualTo(Map.of("family", 3L));
    }

    @Test
    void needsNoMoreMemoryForMoreRounds() {
        Totals totals = new Totals();
        for (int i = 1; i <= 200_000; i++) {
            totals.add(report(i, null, i * 1000L));
        }
        RoundTrips trips = totals.summary().roundTrips();
        assertThat(trips.count()).isEqualTo(200_000);
        assertThat(trips.each()).isEmpty();
        assertThat(trips.min()).isEqualTo(Duration.ofNanos(1000));
        assertThat(trips.max()).isEqualTo(Duration.ofMillis(200));
        assertThat(trips.percentile(50).toNanos()).isBetween(99_900_000L, 100_100_000L);
        assertThat(trips.percentile(99.9).toNanos()).isBetween(199_600_000L, 200_000_000L);
    }

    @Test
    void passesWhatKeepsItsBudget() {
        Budget budget = new Budget(Map.of(Item.P50, 2.0, Item.MAX, 3.0, Item.CONNECT, 0.25, Item.FAILED_ROUNDS, 0.5));
        CaseReport kept = played("a", budget, report(1, null, 3_000_000), report(2, CORRUPTED, 1_000_000));
        assertThat(kept.passed()).isTrue();
        assertThat(kept.diagnosis()).isNull();
    }

    @Test
    void failsWhatMissesItsBudgetAndTellsTheFigures() {
        Budget budget = new Budget(Map.of(Item.MEAN, 2.0, Item.MAX, 2.5, Item.TLS, 10.0, Item.FAILED_ROUNDS, 0.25));
        CaseReport missed = played("a", budget, report(1, null, 3_000_000), report(2, CORRUPTED, 1_000_000));
        assertThat(missed.passed()).isFalse();
        Diagnosis diagnosis = Objects.requireNonNull(missed.diagnosis());
        assertThat(diagnosis.word()).isEqualTo(FailureKind.BUDGET);
        assertThat(diagnosis.sentence())
                .isEqualTo("maxMillis is 3, allowed is 2.5; tlsMillis was not measured, allowed is 10;"
                        + " failedRounds is 0.5, allowed is 0.25");
        JsonObject json = run(missed).toJson().getJsonArray("cases").getJsonObject(0);
        assertThat(json.getString("verdict")).isEqualTo("failed");
        assertThat(json.getJsonObject("diagnosis").getString("word")).isEqualTo("budget");
        assertThat(json.getJsonArray("budget")).isEqualTo(new JsonArray("""
                [ { "item": "maxMillis", "allowed": 2.5, "found": 3.0 }, { "item": "tlsMillis", "allowed": 10.0 },
                  { "item": "failedRounds", "allowed": 0.25, "found": 0.5 } ]"""));
    }

    @Test
    void judgesEachItemByItsOwnFigure() {
        Totals totals = new Totals();
        totals.add(messages(new Report.Messages(100, 98, 10, 20, 30, Duration.ofMillis(2))));
        Map<Item, Double> found = new EnumMap<>(Item.class);
        Map<Item, Double> none = new EnumMap<>(Item.class);
        for (Item item : Item.values()) {
            none.put(item, 0.0);
        }
        new Budget(none).misses(totals.summary()).forEach(miss -> found.put(miss.item(), miss.found()));
        assertThat(found)
                .containsEntry(Item.LOSS, 0.1)
                .containsEntry(Item.DUPLICATES, 0.2)
                .containsEntry(Item.REORDERED, 0.3)
                .containsEntry(Item.JITTER, 2.0)
                .containsEntry(Item.P99, 4.0)
                .containsEntry(Item.CONNECT, 0.25)
                .containsEntry(Item.FIRST_BYTE, 0.3)
                .containsEntry(Item.TLS, null)
                .doesNotContainKey(Item.FAILED_ROUNDS);
    }

    @Test
    void toleratesWhatTheBudgetLimits() {
        assertThat(new Budget(Map.of(Item.LOSS, 0.1, Item.P50, 1.0)).tolerated())
                .containsExactly(FailureKind.LOST);
        assertThat(new Budget(Map.of(Item.DUPLICATES, 0.1, Item.REORDERED, 1.0)).tolerated())
                .containsExactlyInAnyOrder(FailureKind.DUPLICATED, FailureKind.REORDERED);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            refused       | refused |         | true  |
            tls           | tls     | expired | true  |
            tls:expired   | tls     | expired | true  |
            tls:expired   | tls     | weak    | false | expected to fail with tls:expired, but failed with tls: weak: why
            tls:expired   | tls     |         | false | expected to fail with tls:expired, but failed with tls: why
            refused       | silent  |         | false | expected to fail with refused, but failed with silent: why
            half-close    |         |         | false | expected to fail with half-close, but it passed
            """)
    void passesOnlyWhatFailsAsExpected(
            String expected,
            @Nullable String name,
            @Nullable String reason,
            boolean passes,
            @Nullable String sentence) {
        Diagnosis found = name == null
                ? null
                : new Diagnosis(FailureKind.valueOf(name.toUpperCase(Locale.ROOT)), reason, "why", 2, 7L, null, null);
        Report judged = ExpectedFailure.parse(expected).judge(report(1, found));
        assertThat(judged.passed()).isEqualTo(passes);
        if (passes) {
            assertThat(judged.details()).containsKey("expectedFailure").containsKey("protocol");
        } else {
            Diagnosis diagnosis = Objects.requireNonNull(judged.diagnosis());
            assertThat(diagnosis.word()).isEqualTo(FailureKind.UNEXPECTED);
            assertThat(diagnosis.sentence()).isEqualTo(sentence);
            assertThat(diagnosis.offset()).isEqualTo(found == null ? null : Long.valueOf(7));
        }
    }

    private static Report messages(Report.Messages messages) {
        Report plain = report(1, null);
        return new Report(
                plain.target(),
                1,
                plain.startedAt(),
                plain.duration(),
                null,
                plain.localAddress(),
                plain.remoteAddress(),
                plain.details(),
                plain.phases(),
                1,
                1,
                RoundTrips.of(Duration.ofMillis(1)),
                RoundTrips.of(Duration.ofMillis(4)),
                messages,
                List.of(new Report.Warning("family", "only IPv4 answers")),
                Duration.ZERO,
                7);
    }

    private static RunReport run(CaseReport... cases) {
        return new RunReport(Instant.EPOCH, Duration.ofNanos(1_500_000), false, List.of(cases));
    }

    private static CaseReport played(String target, Report... rounds) {
        return played(target, Budget.NONE, rounds);
    }

    private static CaseReport played(String target, Budget budget, Report... rounds) {
        Totals totals = new Totals();
        for (Report round : rounds) {
            totals.add(round);
        }
        return new CaseReport(Case.of(target), totals.summary(), List.of(rounds), budget, totals.summary());
    }

    private static Report report(int round, @Nullable Diagnosis diagnosis, long... roundTripNanos) {
        return new Report(
                "tcp://localhost:7007",
                round,
                Instant.parse("2026-01-02T03:04:05Z"),
                Duration.ofNanos(2_500_000),
                diagnosis,
                "127.0.0.1:5",
                "127.0.0.1:7007",
                Map.of("protocol", "TLSv1.3"),
                new Report.Phases(
                        null, Duration.ofNanos(250_000), null, Duration.ofNanos(300_000), Duration.ofNanos(400_000)),
                42,
                41,
                RoundTrips.of(Arrays.stream(roundTripNanos)
                        .mapToObj(Duration::ofNanos)
                        .toArray(Duration[]::new)),
                RoundTrips.NONE,
                null,
                List.of(),
                Duration.ZERO,
                7);
    }
}
