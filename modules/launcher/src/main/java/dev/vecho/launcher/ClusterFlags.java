package dev.vecho.launcher;

import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.NetworkConfig;
import dev.vecho.core.config.Hosts;
import dev.vecho.core.config.InvalidInputException;
import dev.vecho.server.ConfiguredValue;
import io.vertx.core.Completable;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.json.JsonArray;
import io.vertx.core.spi.cluster.RegistrationInfo;
import io.vertx.core.spi.cluster.RegistrationListener;
import io.vertx.core.spi.cluster.RegistrationUpdateEvent;
import io.vertx.spi.cluster.hazelcast.ConfigUtil;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.io.FileNotFoundException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The flags with which a command's Vert.x becomes a member of a cluster, through Hazelcast. */
final class ClusterFlags {

    private static final String DEFAULT_HOST = "127.0.0.1";
    private static final int DEFAULT_PORT = 5701;

    /** Hazelcast's own limit for joining; it then fails by itself, and says why. */
    private static final int JOIN_SECONDS = 30;

    private static final Duration JOIN_LIMIT = Duration.ofSeconds(JOIN_SECONDS + 15);
    private static final Pattern MEMBER = Pattern.compile("(?:\\[([^\\[\\]]*:[^\\[\\]]*)\\]|([^\\[\\]:]*))(?::(.*))?");

    /** Of the command that these flags are mixed into. */
    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(
            names = "--cluster",
            description = "Be a member of a cluster of Vert.x, whose event bus reaches all members.")
    private boolean cluster;

    @Option(
            names = "--cluster-host",
            paramLabel = "HOST",
            description = "This member's own address, which the others can reach. Default: " + DEFAULT_HOST)
    private @Nullable String host;

    @Option(
            names = "--cluster-port",
            paramLabel = "PORT",
            description = "The first port to try for cluster membership. Default: " + DEFAULT_PORT)
    private @Nullable Integer port;

    @Option(
            names = "--cluster-members",
            paramLabel = "HOST[:PORT]",
            split = ",",
            description = "Members to join, one that runs is enough. Default: the own address.")
    private List<String> members = new ArrayList<>();

    @Option(names = "--cluster-multicast", description = "Find members by multicast instead.")
    private boolean multicast;

    @Option(
            names = "--cluster-dns",
            paramLabel = "NAME",
            description = "Find members by all addresses of a name instead, such as a headless service in Kubernetes.")
    private @Nullable String dns;

    @Option(
            names = "--cluster-config",
            paramLabel = "FILE",
            description = "Hazelcast's own configuration, XML or YAML, instead of all these flags.")
    private @Nullable Path file;

    boolean wanted() {
        return cluster;
    }

    /** Checks all flags together; throws what picocli throws for wrong usage. */
    void validate() {
        List<String> ways = new ArrayList<>();
        if (!members.isEmpty()) {
            ways.add("--cluster-members");
        }
        if (multicast) {
            ways.add("--cluster-multicast");
        }
        if (dns != null) {
            ways.add("--cluster-dns");
        }
        List<String> given = new ArrayList<>(ways);
        if (host != null) {
            given.add("--cluster-host");
        }
        if (port != null) {
            given.add("--cluster-port");
        }
        if (file != null && !given.isEmpty()) {
            throw usage("--cluster-config says everything, and cannot be combined with " + String.join(", ", given));
        }
        if (file != null) {
            given.add("--cluster-config");
        }
        if (!cluster && !given.isEmpty()) {
            throw usage(String.join(", ", given) + ": of no use without --cluster");
        }
        if (ways.size() > 1) {
            throw usage("one way to find members is enough: " + String.join(" or ", ways));
        }
        if (port != null && (port < 1 || port > 65_535)) {
            throw usage("--cluster-port: must be 1..65535, was " + port);
        }
        members.replaceAll(this::member);
        host = host == null ? null : checked("--cluster-host", host);
        dns = dns == null ? null : checked("--cluster-dns", dns);
    }

    /**
     * What the flags come to, as far as that can be told without joining; empty without {@code --cluster}.
     *
     * @throws InvalidInputException if a file of Hazelcast's cannot be read, or this member's own name does not resolve
     */
    List<ConfiguredValue> values() {
        if (!cluster) {
            return List.of();
        }
        List<ConfiguredValue> values = new ArrayList<>();
        values.add(value("--cluster", true, true));
        if (file != null) {
            read(file);
            values.add(value("--cluster-config", true, file.toString()));
            return values;
        }
        InetAddress address = address();
        values.add(value("--cluster-host", host != null, host == null ? DEFAULT_HOST : host));
        values.add(value("--cluster-port", port != null, port == null ? DEFAULT_PORT : port));
        if (dns != null) {
            values.add(value("--cluster-dns", true, dns));
        } else if (multicast) {
            values.add(value("--cluster-multicast", true, true));
        } else {
            values.add(value(
                    "--cluster-members",
                    !members.isEmpty(),
                    new JsonArray(members.isEmpty() ? List.of(literal(address)) : members)));
        }
        return values;
    }

    private static ConfiguredValue value(String flag, boolean given, Object value) {
        return new ConfiguredValue(flag, value, given ? "flag" : "default");
    }

    private String member(String text) {
        Matcher parts = MEMBER.matcher(text);
        String digits = parts.matches() ? Objects.requireNonNullElse(parts.group(3), "1") : "";
        if (!digits.matches("[0-9]{1,5}") || Integer.parseInt(digits) < 1 || Integer.parseInt(digits) > 65_535) {
            throw usage(
                    "--cluster-members: must be HOST or HOST:PORT (an IPv6 address in brackets), was \"" + text + "\"");
        }
        boolean brackets = parts.group(1) != null;
        String checked = checked("--cluster-members", brackets ? parts.group(1) : parts.group(2));
        return (brackets ? "[" + checked + "]" : checked) + (parts.group(3) == null ? "" : ":" + digits);
    }

    private String checked(String flag, String text) {
        try {
            return Hosts.check(text);
        } catch (IllegalArgumentException wrong) {
            throw usage(flag + ": " + wrong.getMessage());
        }
    }

    /**
     * Builds a member of the cluster; blocks until it has joined, or is the first.
     *
     * @param owner whether it keeps its share of the cluster's own data (who listens where). One that comes and goes does
     *     not, as long as there are others that do
     * @throws InvalidInputException if it cannot join; what has been opened by then ends with the process
     */
    Vertx join(VertxBuilder builder, boolean owner) {
        // Read when the first class of Hazelcast makes a logger.
        System.setProperty("hazelcast.logging.type", "slf4j");
        Config config = file == null ? flags() : read(file);
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        if (!owner) {
            config.setLiteMember(true);
        }
        try {
            return builder.withClusterManager(new Hazelcast(config))
                    .buildClustered()
                    .await(JOIN_LIMIT);
        } catch (TimeoutException e) {
            throw new InvalidInputException(List.of("cluster: not joined within " + JOIN_LIMIT.toSeconds() + " s"));
        } catch (Exception e) {
            throw new InvalidInputException(List.of("cluster: cannot join: " + reason(e)));
        }
    }

    private Config flags() {
        Config config = ConfigUtil.loadConfig();
        InetAddress address = address();
        config.setProperty("hazelcast.local.localAddress", address.getHostAddress());
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.setProperty("hazelcast.prefer.ipv4.stack", Boolean.toString(address.getAddress().length == 4));
        config.setProperty("hazelcast.max.join.seconds", Integer.toString(JOIN_SECONDS));
        // Five seconds by default, to let many members join at once.
        config.setProperty("hazelcast.wait.seconds.before.join", "0");
        config.setProperty("hazelcast.graceful.shutdown.max.wait", "10");
        // The halves of a split cluster are merged after half a minute, not after five.
        config.setProperty("hazelcast.merge.first.run.delay.seconds", "30");
        config.setProperty("hazelcast.merge.next.run.delay.seconds", "30");
        // How many ports to try of a member that is given without one.
        config.setProperty("hazelcast.tcp.join.port.try.count", "10");
        config.getMetricsConfig().setEnabled(false);
        int first = port == null ? DEFAULT_PORT : port;
        NetworkConfig network = config.getNetworkConfig()
                .setPort(first)
                .setPortAutoIncrement(true)
                .setReuseAddress(true);
        JoinConfig join = network.getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(multicast).setLoopbackModeEnabled(address.isLoopbackAddress());
        if (dns != null) {
            join.getKubernetesConfig()
                    .setEnabled(true)
                    .setProperty("service-dns", dns)
                    .setProperty("service-port", Integer.toString(first));
        } else if (!multicast) {
            join.getTcpIpConfig().setEnabled(true).setMembers(members.isEmpty() ? List.of(literal(address)) : members);
        }
        return config;
    }

    private InetAddress address() {
        String name = host == null ? DEFAULT_HOST : host;
        InetAddress address;
        try {
            address = InetAddress.getByName(name);
        } catch (UnknownHostException e) {
            throw new InvalidInputException(List.of("--cluster-host: the name " + name + " does not resolve"));
        }
        if (address.isAnyLocalAddress()) {
            throw usage("--cluster-host: must be an address that the others can reach, was " + name);
        }
        return address;
    }

    private static String literal(InetAddress address) {
        String text = address.getHostAddress();
        return text.indexOf(':') >= 0 ? "[" + text + "]" : text;
    }

    private static Config read(Path file) {
        try {
            return Config.loadFromFile(file.toFile());
        } catch (FileNotFoundException e) {
            throw new InvalidInputException(List.of(file + ": no such file"));
        } catch (RuntimeException e) {
            throw new InvalidInputException(List.of(file + ": " + reason(e)));
        }
    }

    private static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null ? root.toString() : message.lines().findFirst().orElse(message);
    }

    private ParameterException usage(String message) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
    }

    /** Hazelcast's cluster manager, which also restores what Hazelcast loses with the last member that keeps data. */
    private static final class Hazelcast extends HazelcastClusterManager {

        private static final Logger LOG = LoggerFactory.getLogger(Hazelcast.class);

        /** The addresses that messages were sent to. */
        private final Set<String> asked = ConcurrentHashMap.newKeySet();

        private @Nullable Vertx vertx;
        private @Nullable RegistrationListener listener;

        Hazelcast(Config config) {
            super(config);
        }

        @Override
        public void init(Vertx owner) {
            vertx = owner;
            super.init(owner);
        }

        @Override
        public void join(Completable<Void> joined) {
            super.join((nothing, failure) -> {
                if (failure != null) {
                    joined.fail(failure);
                    return;
                }
                Objects.requireNonNull(vertx)
                        .<Void>executeBlocking(() -> {
                            takeDataIfNobodyHas();
                            return null;
                        })
                        .onComplete(joined);
            });
        }

        @Override
        public synchronized void memberRemoved(MembershipEvent event) {
            if (isActive()) {
                try {
                    takeDataIfNobodyHas();
                } catch (RuntimeException e) {
                    LOG.warn("cluster: nobody is left who keeps its data: {}", e.getMessage(), e);
                }
            }
            super.memberRemoved(event);
            if (isActive()) {
                asked.forEach(this::askAgain);
            }
        }

        @Override
        public void registrationListener(RegistrationListener heard) {
            listener = heard;
            super.registrationListener(heard);
        }

        @Override
        public void getRegistrations(String address, Completable<List<RegistrationInfo>> registrations) {
            asked.add(address);
            super.getRegistrations(address, registrations);
        }

        /**
         * The registrations of listeners are lost, too, when the last member that has them dies. Vert.x, which is
         * told only of changes, would go on sending to members that are gone.
         */
        private void askAgain(String address) {
            RegistrationListener told = listener;
            if (told != null && told.wantsUpdatesFor(address)) {
                super.getRegistrations(address, (found, failure) -> {
                    if (failure == null) {
                        told.registrationsUpdated(new RegistrationUpdateEvent(address, found));
                    } else {
                        LOG.debug("cluster: who listens on {} is not known", address, failure);
                    }
                });
            }
        }

        private void takeDataIfNobodyHas() {
            if (getHazelcastInstance().getCluster().getMembers().stream().allMatch(Member::isLiteMember)) {
                getHazelcastInstance().getCluster().promoteLocalLiteMember();
            }
        }
    }
}
