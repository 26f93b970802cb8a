package dev.vecho.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;

class CheckTableTest {

    private static JsonObject check(String name, String state, JsonObject... more) {
        JsonObject played = new JsonObject()
                .put("name", "tcp://localhost:7")
                .put("state", state)
                .put("since", "2026-01-02T03:04:05.678Z")
                .put("missed", 2)
                .put("recent", new JsonObject().put("rounds", 100).put("failed", 3));
        for (JsonObject each : more) {
            played.mergeIn(each, true);
        }
        return new JsonObject().put("name", name).put("cases", new JsonArray().add(played));
    }

    @Test
    void isEmptyWithoutChecks() {
        assertThat(CheckTable.of(new JsonArray())).isEmpty();
    }

    @Test
    void showsWhatIsFailingFirst() {
        JsonObject times = new JsonObject()
                .put("recent", new JsonObject().put("p50Millis", 1.5).put("p99Millis", 12.345));
        JsonObject why = new JsonObject()
                .put("diagnosis", new JsonObject().put("word", "tls").put("reason", "expired"));
        String table = CheckTable.of(new JsonArray()
                .add(check("a", "ok", times))
                .add(check("b", "unknown"))
                .add(check("c", "failing", why)));
        assertThat(table.lines().skip(2).map(line -> line.replaceAll(" +", " ")))
                .containsExactly(
                        "c failing tls: expired - - 3/100 2 2026-01-02T03:04:05Z tcp://localhost:7",
                        "b unknown - - - 3/100 2 2026-01-02T03:04:05Z tcp://localhost:7",
                        "a ok - 1.50 ms 12.35 ms 3/100 2 2026-01-02T03:04:05Z tcp://localhost:7");
    }

    @Test
    void showsTheLastRounds() {
        JsonArray millis = new JsonArray().add(1.0).addNull().add(8.0).add(4.0);
        String blocks = CheckTable.sparkline(millis);
        assertThat(blocks).hasSize(4).matches(".x[█#].");
        assertThat(blocks.charAt(3)).isNotEqualTo(blocks.charAt(0)).isNotEqualTo(blocks.charAt(2));
        assertThat(CheckTable.sparkline(new JsonArray())).isEmpty();
        JsonArray many = new JsonArray();
        for (int i = 0; i < 100; i++) {
            many.add(0.0);
        }
        assertThat(CheckTable.sparkline(many)).hasSize(20);

        JsonObject recent = new JsonObject().put("rounds", 4).put("failed", 1).put("millis", millis);
        JsonObject lossy = new JsonObject().put("recent", recent).put("lossPercent", 2.5);
        assertThat(CheckTable.live(new JsonArray().add(check("u", "ok", lossy)))
                        .lines()
                        .skip(1))
                .singleElement()
                .asString()
                .startsWith("u ")
                .contains(" 1/4   2.5 %  " + blocks + " ");
    }

    @Test
    void leavesOutWhatNobodyCouldRead() {
        JsonArray many = new JsonArray();
        for (int i = 0; i < 30; i++) {
            many.add(check("c" + i, "ok"));
        }
        assertThat(CheckTable.of(many).lines()).hasSize(23).last().isEqualTo("… and 10 more");
    }
}
