package dev.vecho.client;

import dev.vecho.core.Transport.Carriage;
import io.vertx.core.Vertx;
import java.util.Set;
import java.util.function.LongSupplier;

/** Settings for tests: one case, of a run of its own. */
final class Settings {

    private Settings() {}

    static Setting of(Vertx vertx, Carriage carriage, Script script, LongSupplier nanoTime) {
        return new Setting(
                vertx,
                "fake://peer",
                carriage,
                script.steps(carriage, Case.of("fake://peer")),
                script.timeout(),
                false,
                Set.of(),
                new Seed(1),
                0,
                new Recent(),
                nanoTime);
    }

    /** The same, in a run of its own. */
    static Setting alone(Setting setting) {
        return new Setting(
                setting.vertx(),
                setting.target(),
                setting.carriage(),
                setting.steps(),
                setting.timeout(),
                setting.kept(),
                setting.tolerated(),
                setting.seed(),
                setting.index(),
                new Recent(),
                setting.nanoTime());
    }

    static Setting kept(Setting setting) {
        return new Setting(
                setting.vertx(),
                setting.target(),
                setting.carriage(),
                setting.steps(),
                setting.timeout(),
                true,
                setting.tolerated(),
                setting.seed(),
                setting.index(),
                setting.recent(),
                setting.nanoTime());
    }

    static Setting tolerating(Setting setting, Diagnosis.Word... words) {
        return new Setting(
                setting.vertx(),
                setting.target(),
                setting.carriage(),
                setting.steps(),
                setting.timeout(),
                setting.kept(),
                Set.of(words),
                setting.seed(),
                setting.index(),
                setting.recent(),
                setting.nanoTime());
    }
}
