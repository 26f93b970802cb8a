package dev.vecho.launcher;

import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeAndTimeBasedFileNamingAndTriggeringPolicy;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.rolling.TimeBasedRollingPolicy;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import java.time.InstantSource;

/** When the access log goes on in another file, by policies of logback. */
enum AccessLogRotation {
    /** By its size alone. */
    SIZE(""),
    /** By its size, and with each hour of UTC. */
    HOUR("yyyy-MM-dd_HH"),
    /** By its size, and with each day of UTC. */
    DAY("yyyy-MM-dd");

    /** How often the size of the file is looked at. */
    private static final Duration SIZE_CHECK = Duration.buildByMilliseconds(100);

    private final String pattern;

    AccessLogRotation(String pattern) {
        this.pattern = pattern;
    }

    /** Has an appender, which does not run yet, rotate its file. */
    void install(RollingFileAppender<String> appender, Path file, AccessLogOptions options, InstantSource clock) {
        if (this == SIZE) {
            bySize(appender, file, options);
        } else {
            byTime(appender, file, options, clock);
        }
    }

    private static void bySize(RollingFileAppender<String> appender, Path file, AccessLogOptions options) {
        FixedWindowRollingPolicy rotation = new FixedWindowRollingPolicy() {
            @Override
            protected int getMaxWindowSize() {
                return AccessLogOptions.MOST_FILES;
            }
        };
        rotation.setContext(appender.getContext());
        rotation.setParent(appender);
        rotation.setFileNamePattern(file + ".%i");
        rotation.setMinIndex(1);
        rotation.setMaxIndex(options.maxFiles());
        rotation.start();
        SizeBasedTriggeringPolicy<String> size = new SizeBasedTriggeringPolicy<>();
        size.setContext(appender.getContext());
        size.setMaxFileSize(new FileSize(options.maxFileBytes()));
        size.setCheckIncrement(SIZE_CHECK);
        size.start();
        appender.setRollingPolicy(rotation);
        appender.setTriggeringPolicy(size);
    }

    private void byTime(
            RollingFileAppender<String> appender, Path file, AccessLogOptions options, InstantSource clock) {
        SizeAndTimeBasedFileNamingAndTriggeringPolicy<String> trigger =
                new SizeAndTimeBasedFileNamingAndTriggeringPolicy<>() {
                    @Override
                    public long getCurrentTime() {
                        return clock.millis();
                    }
                };
        trigger.setContext(appender.getContext());
        trigger.setMaxFileSize(new FileSize(options.maxFileBytes()));
        trigger.setCheckIncrement(SIZE_CHECK);
        TimeBasedRollingPolicy<String> rotation = new TimeBasedRollingPolicy<>();
        rotation.setContext(appender.getContext());
        rotation.setParent(appender);
        rotation.setFileNamePattern(file + ".%d{" + pattern + ", UTC}.%i");
        rotation.setTimeBasedFileNamingAndTriggeringPolicy(trigger);
        rotation.setMaxHistory(options.maxFiles());
        rotation.setTotalSizeCap(new FileSize(options.maxFileBytes() * options.maxFiles()));
        rotation.setCleanHistoryOnStart(true);
        rotation.start();
        appender.setRollingPolicy(rotation);
    }
}
