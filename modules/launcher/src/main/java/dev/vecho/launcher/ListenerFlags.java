package dev.vecho.launcher;

import dev.vecho.server.Configuration.Flag;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Where a service's configuration is from: files and stores, or the flags that make one listener without any file. That listener has the
 * name of its transport.
 */
final class ListenerFlags {

    /** Of the command that these flags are mixed into. */
    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description =
                    "A file of JSON, or of YAML where its name ends so (.yaml, .yml); may be given several times, later"
                            + " ones over earlier ones.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--store",
            paramLabel = "FILE",
            description = "A file that describes a store of vertx-config, such as"
                    + " {\"type\": \"http\", \"config\": {\"host\": \"config\", \"path\": \"/vecho.json\"}}, or several as a"
                    + " list named stores; may be given several times.")
    private List<Path> stores = new ArrayList<>();

    @ArgGroup(validate = false, heading = "%nFor one listener, instead of --config and --store:%n")
    private Listener listener = new Listener();

    /** The flags that become keys of the listener. */
    static final class Listener {

        @Option(
                names = "--transport",
                paramLabel = "NAME",
                description =
                        "tcp, unix, udp, http, websocket, grpc, quic, eventbus, stamp, or another one that is on the class path."
                                + " Default: tcp")
        private @Nullable String transport;

        @Option(
                names = "--host",
                paramLabel = "HOST",
                description = "The name or address to listen on, such as 0.0.0.0 for all of IPv4 and :: for all."
                        + " Default: localhost")
        private @Nullable String host;

        @Option(
                names = "--port",
                paramLabel = "PORT",
                description = "Default: that of the transport, for tcp 7007; 0 is any free one.")
        private @Nullable String port;

        @Option(names = "--path", paramLabel = "FILE", description = "Of a Unix domain socket.")
        private @Nullable String path;

        @Option(
                names = "--tls",
                description =
                        "With TLS, and a certificate that is made for a first try; --cert and --key have a real one.")
        private boolean tls;

        @Option(names = "--cert", paramLabel = "FILE", description = "With TLS and this certificate, in PEM.")
        private @Nullable String certificate;

        @Option(names = "--key", paramLabel = "FILE", description = "Its private key, in PEM.")
        private @Nullable String key;

        @Option(
                names = "--service",
                paramLabel = "NAME",
                description = "What it does instead of the echo: discard, chargen, daytime, time or whoami.")
        private @Nullable String service;

        @Option(
                names = "--fault",
                paramLabel = "KEY=VALUE",
                description = "What it does on purpose, such as toPeer.latency=50ms+-10ms, fromPeer.cut.afterBytes=1000"
                        + " or silent=true; may be given several times.")
        private List<String> faults = new ArrayList<>();
    }

    List<Path> files() {
        return files;
    }

    List<Path> stores() {
        return stores;
    }

    /** What the flags say of the listener; throws what picocli throws for wrong usage. */
    List<Flag> flags() {
        List<Flag> flags = new ArrayList<>();
        add(flags, "--host", "host", listener.host);
        add(flags, "--port", "port", listener.port);
        add(flags, "--path", "path", listener.path);
        boolean own = listener.certificate != null || listener.key != null;
        add(flags, "--tls", "tls.selfSigned", listener.tls && !own ? "true" : null);
        add(flags, "--cert", "tls.certificate", listener.certificate);
        add(flags, "--key", "tls.key", listener.key);
        add(flags, "--service", "service", listener.service);
        for (String fault : listener.faults) {
            int equals = fault.indexOf('=');
            if (equals < 1 || equals == fault.length() - 1) {
                throw new ParameterException(
                        Objects.requireNonNull(spec).commandLine(),
                        "--fault: must be a key and a value, such as toPeer.latency=50ms, was \"" + fault + "\"");
            }
            add(flags, "--fault", "faults." + fault.substring(0, equals), fault.substring(equals + 1));
        }
        // The last one, which has the last word on the listener as a whole.
        add(flags, "--transport", "transport", listener.transport);
        if (!flags.isEmpty() && !(files.isEmpty() && stores.isEmpty())) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(),
                    flags.get(0).name() + ": makes a listener without a file, and cannot be combined with "
                            + given().orElseThrow());
        }
        return flags;
    }

    /** One of the flags that were given; empty where none was. */
    Optional<String> given() {
        return !files.isEmpty()
                ? Optional.of("--config")
                : !stores.isEmpty()
                        ? Optional.of("--store")
                        : flags().stream().map(Flag::name).findFirst();
    }

    private void add(List<Flag> flags, String flag, String key, @Nullable String value) {
        if (value != null) {
            String name = Objects.requireNonNullElse(listener.transport, "tcp");
            flags.add(new Flag(flag, "listeners." + name + "." + key, value));
        }
    }
}
