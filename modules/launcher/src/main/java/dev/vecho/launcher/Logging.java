package dev.vecho.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Configures logback, which finds it as a service. In Java, for with {@code logback.xml} each command would load an XML parser
 * first, which takes as long as all of Vert.x. The file that the system property {@code logback.configurationFile} names takes
 * precedence.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_NORMAL_PRIORITY)
public final class Logging extends ContextAwareBase implements Configurator {

    private static final String OWN = "dev.vecho";
    private static final String CONSOLE = "console";

    private static final Map<String, Level> LEVELS = Map.of(
            OWN,
            Level.WARN,
            // Warns, with a stack trace, of a connection that comes while the last listener closes.
            "io.netty.bootstrap.ServerBootstrap",
            Level.ERROR,
            // Warn, with stack traces, of members that come and go.
            "com.hazelcast",
            Level.ERROR,
            "io.vertx.core.eventbus.impl.clustered",
            Level.ERROR,
            // Errors, with stack traces, of operations of a member that was suspended, or cut off, and comes back or
            // leaves.
            "com.hazelcast.spi.impl.operationservice.impl.operations",
            Level.OFF,
            "com.hazelcast.internal.cluster.impl.operations",
            Level.OFF,
            "com.hazelcast.multimap.impl.operations",
            Level.OFF);

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty("logback.configurationFile") != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        context.getStatusManager().add(new NopStatusListener());
        FatalErrors fatalErrors = new FatalErrors();
        fatalErrors.setContext(context);
        fatalErrors.start();
        context.addTurboFilter(fatalErrors);

        // Results go to stdout, logs to stderr.
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setName(CONSOLE);
        appender.setTarget("System.err");
        appender.setEncoder(started(text(), context));
        appender.start();

        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(appender);
        LEVELS.forEach((name, level) -> context.getLogger(name).setLevel(level));
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** What is logged of Vecho's own from now on. */
    static void level(Level level) {
        context().getLogger(OWN).setLevel(level);
    }

    /** Lines are JSON from now on. Where the user has configured the logging, it stays. */
    static void json() {
        LoggerContext context = context();
        if (context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).getAppender(CONSOLE)
                instanceof ConsoleAppender<ILoggingEvent> appender) {
            appender.setEncoder(started(jsonEncoder(), context));
        }
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }

    private static Encoder<ILoggingEvent> started(Encoder<ILoggingEvent> encoder, LoggerContext context) {
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }

    private static Encoder<ILoggingEvent> text() {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{0}: %msg%n");
        return encoder;
    }

    private static Encoder<ILoggingEvent> jsonEncoder() {
        JsonEncoder encoder = new JsonEncoder();
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithContext(false);
        encoder.setWithMDC(false);
        encoder.setWithKVPList(false);
        encoder.setWithArguments(false);
        encoder.setWithMessage(false);
        encoder.setWithFormattedMessage(true);
        return encoder;
    }
}
