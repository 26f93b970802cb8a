package dev.vecho.testkit;

import dev.vecho.testkit.ForeignProgram.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network namespace of Linux's, with interfaces, routes and a firewall of its own: for what must not be tried on the network
 * of the machine that runs the tests. A test that asks for one where that is not allowed is skipped; with the environment
 * variable {@code VECHO_REQUIRE_ALL=true} it fails instead.
 */
public final class NetworkNamespace implements AutoCloseable {

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final ForeignProgram ip;
    private final String name;

    private NetworkNamespace(ForeignProgram ip, String name) {
        this.ip = ip;
        this.name = name;
    }

    /** Makes one in which only loopback is up, or ends the test. */
    public static NetworkNamespace create() throws Exception {
        ForeignProgram ip = ForeignProgram.find("ip", "apt-get install iproute2");
        String name = "vecho-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        Result added = ip.run(new byte[0], "netns", "add", name);
        if (added.exitCode() != 0) {
            throw ForeignProgram.missing("network namespaces cannot be made, which takes root: " + added.err());
        }
        NetworkNamespace namespace = new NetworkNamespace(ip, name);
        namespace.ip("link set lo up");
        return namespace;
    }

    /** Joins two by a pair of interfaces, both named {@code eth0} unless there is one; they are up. */
    public static void join(NetworkNamespace one, String oneInterface, NetworkNamespace other, String otherInterface)
            throws Exception {
        one.ip("link add " + oneInterface + " type veth peer name " + otherInterface + " netns " + other.name);
        one.ip("link set " + oneInterface + " up");
        other.ip("link set " + otherInterface + " up");
    }

    /** Runs {@code ip} on it, with arguments that blanks part; fails if that does. */
    public void ip(String arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of("-n", name));
        all.addAll(List.of(arguments.split(" ", -1)));
        succeed(arguments, ip.run(new byte[0], all.toArray(String[]::new)));
    }

    /** Sets a key of {@code sysctl}, such as {@code net.ipv4.ip_forward}. */
    public void sysctl(String key, String value) throws Exception {
        run(new byte[0], "sh", "-c", "echo " + value + " > /proc/sys/" + key.replace('.', '/'));
    }

    /** Runs a program in it, to its end; fails if that does. Returns its standard output. */
    public String run(byte[] input, String... command) throws Exception {
        Result result = ip.run(input, inside(List.of(command)));
        succeed(String.join(" ", command), result);
        return result.text();
    }

    private void succeed(String what, Result result) {
        if (result.exitCode() != 0) {
            throw new AssertionError(
                    name + ": " + what + " ended with " + result.exitCode() + ": " + result.text() + result.err());
        }
    }

    /** Runs a Java program of this class path in it, to its end. */
    public Result java(Class<?> main, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return ip.run(new byte[0], inside(command));
    }

    /** Starts a program in it, with both outputs in one; the caller ends it. */
    public Process start(Path directory, String... command) throws IOException {
        List<String> all = new ArrayList<>();
        all.add(ip.path().toString());
        all.addAll(List.of(inside(List.of(command))));
        return new ProcessBuilder(all)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
    }

    private String[] inside(List<String> command) {
        List<String> all = new ArrayList<>(List.of("netns", "exec", name));
        all.addAll(command);
        return all.toArray(String[]::new);
    }

    /** Removes it; the caller has ended what ran in it. */
    @Override
    public void close() throws IOException {
        Process deleting = ip.start("netns", "del", name);
        if (deleting.onExit().orTimeout(30, TimeUnit.SECONDS).join().exitValue() != 0) {
            throw new AssertionError("network namespace " + name + " was not removed");
        }
    }
}
