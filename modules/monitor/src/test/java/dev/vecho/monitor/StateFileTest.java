package dev.vecho.monitor;

import static dev.vecho.monitor.Watching.checkOf;
import static dev.vecho.monitor.Watching.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.testkit.Ports;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What checks have found outlives a restart, and whatever becomes of the file, the service starts. */
@Timeout(180)
class StateFileTest {

    @TempDir
    Path directory;

    private Watching watching;

    @BeforeEach
    void start() {
        watching = new Watching(directory);
    }

    @AfterEach
    void stop() {
        watching.close();
    }

    private static JsonObject sections(JsonObject checks) {
        return new JsonObject().put("checks", checks.copy().put("stateFile", "state"));
    }

    private Path file() {
        return directory.resolve("state");
    }

    private static List<StateChange> changes(MonitoredCheck check) {
        return check.changes();
    }

    private static int rounds(MonitoredCheck check) {
        return check.cases().get(0).history(Resolution.HOURS, Instant.now()).getJsonArray("rounds").stream()
                .mapToInt(each -> (int) each)
                .sum();
    }

    private static JsonObject saved(MonitoredCheck check) {
        return SavedCheck.of(check).json();
    }

    /** Plays two checks, one of which has broken, and stops. */
    private JsonObject filled() throws IOException {
        int port = Ports.free();
        NetServer server = watching.echo(port);
        JsonObject checks = new JsonObject()
                .put("broken", checkOf(port))
                .put("well", checkOf(watching.echo(0).actualPort()));
        watching.serve(sections(checks));
        until(() -> watching.check("broken").state() == State.OK && rounds(watching.check("well")) > 2);
        server.close().await();
        until(() -> watching.check("broken").state() == State.FAILING);
        watching.stop();
        return checks;
    }

    @Test
    void outlivesARestart() throws Exception {
        JsonObject checks = filled();
        Map<String, SavedCheck> all = new StateFile(file()).load();
        assertThat(all.keySet()).containsExactlyInAnyOrder("broken", "well");
        JsonObject before = Objects.requireNonNull(all.get("broken")).json();
        assertThat(before.getJsonArray("failures")).isNotEmpty();

        watching.serve(sections(checks));
        MonitoredCheck broken = watching.check("broken");
        until(() -> !broken.cases().isEmpty() && broken.state() != State.UNKNOWN);
        assertThat(broken.state()).isEqualTo(State.FAILING);
        assertThat(broken.since().toString()).isEqualTo(before.getString("since"));
        assertThat(changes(broken)).extracting(StateChange::to).startsWith(State.OK, State.OK, State.FAILING);
        assertThat(broken.failures().get(0).toJson())
                .isEqualTo(before.getJsonArray("failures").getJsonObject(0));
        int kept = hourly(before);
        assertThat(kept).isPositive();
        until(() -> rounds(broken) > kept);
        JsonArray at =
                broken.cases().get(0).history(Resolution.HOURS, Instant.now()).getJsonArray("at");
        assertThat(at).as("an hour that goes on is one").doesNotHaveDuplicates();
        assertThat(broken.cases().get(0).recent()).hasSizeGreaterThan(2);
        assertThat(Objects.requireNonNull(broken.diagnosis()).word()).hasToString("refused");
    }

    private static int hourly(JsonObject saved) {
        JsonObject hours = saved.getJsonArray("cases")
                .getJsonObject(0)
                .getJsonObject("histories")
                .getJsonObject("hours");
        return hours.getJsonArray("open").getInteger(1);
    }

    /** Another target has another history; other labels have not, nor has a check that was switched off meanwhile. */
    @Test
    void belongsToTheSameCheckAlone() throws Exception {
        JsonObject checks = filled();
        int well = watching.echo(0).actualPort();
        JsonObject next = new JsonObject()
                .put("broken", checkOf(well))
                .put("well", checks.getJsonObject("well").copy().put("labels", new JsonObject().put("a", "b")));
        watching.serve(sections(next));
        until(() -> watching.check("broken").state() == State.OK);
        assertThat(watching.check("broken").failures()).isEmpty();
        assertThat(changes(watching.check("well")).get(0).at())
                .isBefore(watching.check("broken").since());
        assertThat(watching.check("well").labels()).containsEntry("a", "b");
        watching.stop();

        next.getJsonObject("well").put("enabled", false);
        watching.serve(sections(next));
        watching.stop();
        next.getJsonObject("well").put("enabled", true);
        watching.serve(sections(next));
        until(() -> watching.check("well").state() == State.OK);
        assertThat(changes(watching.check("well")).get(0).at())
                .isBefore(watching.check("broken").since());
    }

    /** A check that goes on under other labels, another alert, or after a while. */
    @Test
    void outlivesAReload() throws Exception {
        JsonObject check = checkOf(watching.closedPort());
        JsonObject other = checkOf(watching.echo(0).actualPort());
        watching.serve(new JsonObject().put("checks", new JsonObject().put("a", check)));
        until(() -> watching.check("a").state() == State.FAILING);
        MonitoredCheck before = watching.check("a");
        JsonObject labelled = check.copy()
                .put("enabled", true)
                .put("labels", new JsonObject().put("team", "net"))
                .put("alert", new JsonObject().put("failures", 5));
        watching.reload(new JsonObject().put("checks", new JsonObject().put("a", labelled)));
        assertThat(watching.check("a")).isSameAs(before);
        assertThat(before.labels()).containsEntry("team", "net");
        assertThat(before.alert()).isEqualTo(new Alert(5, 5));
        assertThat(before.cases().get(0).state()).isEqualTo(State.FAILING);

        Instant since = before.since();
        watching.reload(new JsonObject()
                .put(
                        "checks",
                        new JsonObject()
                                .put("a", labelled.copy().put("enabled", false))
                                .put("other", other)));
        assertThat(watching.service().section(Monitor.class).orElseThrow().checks())
                .extracting(MonitoredCheck::name)
                .containsExactly("other");
        watching.reload(new JsonObject().put("checks", new JsonObject().put("a", check)));
        until(() -> watching.check("a").state() == State.FAILING);
        assertThat(watching.check("a")).isNotSameAs(before);
        assertThat(watching.check("a").since()).isEqualTo(since);
    }

    private static byte[] damaged(byte[] whole, String how) {
        byte[] copy = whole.clone();
        switch (how) {
            case "empty" -> copy = new byte[0];
            case "truncated" -> copy = Arrays.copyOf(whole, whole.length - 1);
            case "bit" -> copy[copy.length / 2] ^= 0x10;
            case "foreign" -> copy = "{\"listeners\": {}}\n".getBytes(StandardCharsets.UTF_8);
            case "version" -> copy[StateFile.HEAD.length() - 1] = '2';
            default -> throw new IllegalArgumentException(how);
        }
        return copy;
    }

    @ParameterizedTest
    @ValueSource(strings = {"empty", "truncated", "bit", "foreign", "version"})
    void setsADamagedFileAside(String how) throws Exception {
        JsonObject checks = filled();
        byte[] damaged = damaged(Files.readAllBytes(file()), how);
        Files.write(file(), damaged);
        watching.serve(sections(checks));
        until(() -> watching.check("broken").state() == State.FAILING);
        assertThat(changes(watching.check("broken"))).hasSize(2);
        assertThat(directory.resolve("state.damaged")).hasBinaryContent(damaged);
        watching.stop();
        assertThat(new StateFile(file()).load()).hasSize(2);
    }

    /** Damage of a single bit is found, wherever it is. */
    @Test
    void findsEachDamage() throws Exception {
        filled();
        byte[] whole = Files.readAllBytes(file());
        for (int i = 0; i < whole.length; i += Math.max(1, whole.length / 200)) {
            byte[] damaged = whole.clone();
            damaged[i] ^= 0x01;
            Files.write(file(), damaged);
            assertThat(new StateFile(file()).load()).as("byte " + i).isEmpty();
        }
    }

    @Test
    void isNotForEverybodyToRead() throws Exception {
        filled();
        assertThat(Files.getPosixFilePermissions(file()))
                .doesNotContain(
                        PosixFilePermission.OTHERS_READ,
                        PosixFilePermission.OTHERS_WRITE,
                        PosixFilePermission.GROUP_WRITE)
                .contains(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        assertThat(directory.resolve("state.new")).doesNotExist();
    }

    /** Where it cannot be written, the checks go on, and what was there stays. */
    @Test
    void goesOnWhereItCannotBeWritten() throws Exception {
        JsonObject checks = filled();
        byte[] before = Files.readAllBytes(file());
        // Nobody, not even root, makes a file where a directory is that has something in it.
        Files.createDirectories(directory.resolve("state.new").resolve("x"));
        watching.serve(sections(checks));
        until(() -> watching.check("broken").state() == State.FAILING);
        watching.stop();
        assertThat(file()).hasBinaryContent(before);
    }

    /** It is written now and then, too: a process may be killed. */
    @Test
    void isWrittenNowAndThen() throws Exception {
        watching.serve(new JsonObject().put("checks", new JsonObject().put("a", checkOf(watching.closedPort()))));
        Monitor monitor = watching.service().section(Monitor.class).orElseThrow();
        until(() -> watching.check("a").state() == State.FAILING);
        StateKeeper keeper = new StateKeeper(watching.vertx(), monitor, Duration.ofMillis(20));
        keeper.start(file()).await();
        until(() -> Files.exists(file()));
        JsonObject kept =
                Objects.requireNonNull(new StateFile(file()).load().get("a")).json();
        assertThat(kept.getJsonArray("failures")).isNotEmpty();
        assertThat(saved(watching.check("a")).getString("since")).isEqualTo(kept.getString("since"));
        keeper.close(List.of()).await();
        assertThat(new StateFile(file()).load()).isEmpty();
    }
}
