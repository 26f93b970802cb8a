package dev.vecho.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** Everything that is logged, by anybody; that of Vecho and of Vert.x from DEBUG on. */
final class Logged implements AutoCloseable {

    private static final List<String> DETAILED = List.of("dev.vecho", "io.vertx");

    private final ListAppender<ILoggingEvent> appender = new ListAppender<>() {
        @Override
        protected void append(ILoggingEvent event) {
            // Else the event takes the name of the thread that first asks for it.
            event.prepareForDeferredProcessing();
            super.append(event);
        }
    };
    private final Logger root = logger(org.slf4j.Logger.ROOT_LOGGER_NAME);

    Logged() {
        appender.list = new CopyOnWriteArrayList<>();
        appender.start();
        root.addAppender(appender);
        DETAILED.forEach(name -> logger(name).setLevel(Level.DEBUG));
    }

    private static Logger logger(String name) {
        return (Logger) LoggerFactory.getLogger(name);
    }

    List<ILoggingEvent> by(Class<?> type) {
        return by(type.getName());
    }

    List<ILoggingEvent> by(String logger) {
        return appender.list.stream()
                .filter(event -> event.getLoggerName().equals(logger))
                .toList();
    }

    /** Fails if anything from WARN on was logged, or a stack trace of any level; not if the machine was busy. */
    void assertQuiet() {
        assertThat(appender.list)
                .as("warnings, errors and stack traces")
                .filteredOn(event -> !event.getLoggerName().endsWith("BlockedThreadChecker"))
                .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN) || event.getThrowableProxy() != null)
                .isEmpty();
    }

    @Override
    public void close() {
        DETAILED.forEach(name -> logger(name).setLevel(null));
        root.detachAppender(appender);
        appender.stop();
    }
}
