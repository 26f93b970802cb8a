package dev.vecho.launcher;

import ch.qos.logback.classic.Level;
import dev.vecho.core.config.FileNames;
import dev.vecho.core.config.InvalidInputException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code vecho}. */
@Command(
        name = "vecho",
        description = "An echo service, and the instrument that checks it.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        exitCodeListHeading = Main.EXIT_CODES,
        exitCodeList = {
            "0:every check passed, or the service ended as it was told",
            "1:a check failed, or the service is not well",
            "2:wrong usage or configuration",
            Main.ITSELF_FAILED
        })
public final class Main implements Runnable {

    private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("serve", ServeCommand.class);
        COMMANDS.put("config", ConfigCommand.class);
        COMMANDS.put("check", CheckCommand.class);
        COMMANDS.put("bench", BenchCommand.class);
        COMMANDS.put("selftest", SelftestCommand.class);
        COMMANDS.put("health", HealthCommand.class);
        COMMANDS.put("status", StatusCommand.class);
        COMMANDS.put("watch", WatchCommand.class);
        COMMANDS.put("completion", CompletionCommand.class);
        COMMANDS.put("man", ManCommand.class);
    }

    /** These are about all commands. */
    private static final Set<String> OF_ALL = Set.of("completion", "man");

    /** What is above the exit codes in the help of each command. */
    static final String EXIT_CODES = "%nExit codes:%n";

    /** Such as they are for most commands. */
    static final String ITSELF_FAILED = "3:Vecho itself failed";

    static final int FAILED_CHECK = 1;
    static final int WRONG_INPUT = 2;
    static final int OWN_FAILURE = 3;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Tell on stderr what happens on each connection; check, too, each step with what was sent and"
                    + " received.")
    void verbose(boolean wanted) {
        verbose = wanted;
        if (wanted) {
            logLevel(LogLevel.DEBUG);
        }
    }

    /** What to log. */
    enum LogLevel {
        ERROR,
        WARN,
        INFO,
        DEBUG;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How a line of the log is written. */
    enum LogFormat {
        TEXT,
        JSON;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(
            names = "--log-level",
            scope = ScopeType.INHERIT,
            paramLabel = "error|warn|info|debug",
            description = "What to log on stderr. Default: warn")
    void logLevel(LogLevel level) {
        logLevel = level;
    }

    @Option(
            names = "--log-format",
            scope = ScopeType.INHERIT,
            paramLabel = "text|json",
            description = "How to log; json is an object a line. Default: text")
    void logFormat(LogFormat format) {
        logFormat = format;
    }

    @Option(
            names = Plugins.FLAG,
            scope = ScopeType.INHERIT,
            paramLabel = "JAR",
            description =
                    "A jar with a transport or a service that is not Vecho's; may be given more than once. The environment"
                            + " variable VECHO_CLASSPATH names some, too.")
    void plugin(List<Path> jars) {
        // They were loaded before.
    }

    private boolean verbose;
    private @Nullable LogLevel logLevel;
    private LogFormat logFormat = LogFormat.TEXT;

    private final StandardOutput output = StandardOutput.install();

    private Main() {}

    /** Where the results go. */
    StandardOutput output() {
        return output;
    }

    boolean verbose() {
        return verbose;
    }

    public static void main(String[] args) {
        OwnFailure.watch();
        try {
            List<Path> plugins = Plugins.named(args);
            if (!plugins.isEmpty()) {
                Plugins.run(plugins, args);
            }
            System.exit(run(args));
        } catch (InvalidInputException invalid) {
            invalid.problems().forEach(System.err::println);
            System.exit(WRONG_INPUT);
        } catch (Throwable failure) {
            OwnFailure.end(failure);
        }
    }

    private static int run(String[] args) {
        // Before a Netty class loads: the default allocator is slow for an echo,
        setDefault("io.netty.allocator.type", "pooled");
        // and the first buffer that is freed would wait for what Java's Flight Recorder makes to hear of buffers.
        setDefault("io.netty.jfr.enabled", "false");
        Preparation.start(args);
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main);
        // What is set afterwards is set for them, too.
        commandsFor(args).forEach(commandLine::addSubcommand);
        commandLine
                .setCaseInsensitiveEnumValuesAllowed(true)
                // A text to send may begin with an @, and is no name of a file then.
                .setExpandAtFiles(false)
                .setExecutionStrategy(parsed -> {
                    Preparation.await();
                    NativeLibraries.findDirectory();
                    main.configureLogging();
                    NativeLibraries.tellOfDirectory();
                    return new RunLast().execute(parsed);
                })
                .setParameterExceptionHandler(new UsageErrors())
                .setExecutionExceptionHandler(failures());
        commandLine.registerConverter(Duration.class, new DurationConverter());
        for (int i = 0; i < args.length; i++) {
            if (FileNames.isGarbled(args[i])) {
                commandLine.getErr().println("argument " + (i + 1) + ": " + args[i] + " " + FileNames.beyondLocale());
                return WRONG_INPUT;
            }
        }
        int exitCode = commandLine.execute(args);
        Preparation.await();
        commandLine.getOut().flush();
        return main.output.hasFailed() ? OWN_FAILURE : exitCode;
    }

    /** All commands by their names, in the order in which they are told. */
    static Map<String, Class<?>> commands() {
        return Collections.unmodifiableMap(COMMANDS);
    }

    private void configureLogging() {
        if (logLevel != null) {
            Logging.level(Level.toLevel(logLevel.name()));
        }
        if (logFormat == LogFormat.JSON) {
            Logging.json();
        }
    }

    /** The one that the first argument names, since picocli takes a while to get to know each; otherwise all. */
    private static Collection<Class<?>> commandsFor(String[] args) {
        Class<?> named = args.length == 0 || OF_ALL.contains(args[0]) ? null : COMMANDS.get(args[0]);
        return named == null ? COMMANDS.values() : List.of(named);
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** Wrong input is told line by line; anything else is a failure of Vecho's own, a line, and with -v where it happened. */
    private static IExecutionExceptionHandler failures() {
        return (failure, commandLine, parsed) -> {
            PrintWriter err = commandLine.getErr();
            if (failure instanceof InvalidInputException invalid) {
                invalid.problems().forEach(err::println);
                return WRONG_INPUT;
            }
            err.println(OwnFailure.line(failure));
            if (((Main) commandLine.getCommandSpec().root().userObject()).verbose()) {
                failure.printStackTrace(err);
            }
            return OWN_FAILURE;
        };
    }

    @Override
    public void run() {
        CommandSpec known = Objects.requireNonNull(spec);
        throw new ParameterException(
                known.commandLine(),
                "expected a command: " + String.join(", ", COMMANDS.keySet()).replaceFirst(", (?=[^,]*$)", " or "));
    }

    /** The version from the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {
                "vecho " + (version == null ? "(not from a jar)" : version),
                "Java " + System.getProperty("java.version") + ", " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch")
            };
        }
    }
}
