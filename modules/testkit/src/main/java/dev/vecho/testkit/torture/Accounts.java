package dev.vecho.testkit.torture;

import dev.vecho.testkit.torture.Service.Closing;
import dev.vecho.testkit.torture.Service.Ending;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Holds what a service has left behind, and what it says of itself, against what was done to it. */
final class Accounts {

    private static final int PATIENCE_SECONDS = 30;

    /** For chunks of Netty's pool that are kept for later. */
    private static final long DIRECT_KB = 160 * 1024;

    private Accounts() {}

    /** Waits until all that was used is given back; adds what was not to the findings. */
    static Usage checkUsage(Service service, Usage before, Path directory, Findings findings) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        Usage now = service.usage();
        while (System.nanoTime() < end
                && (now.descriptorCount() > before.descriptorCount() || now.threads() > before.threads())) {
            Play.pause(250);
            now = service.usage();
        }
        if (now.descriptorCount() > before.descriptorCount()) {
            findings.add("descriptors are left: " + now.descriptors() + ", at the start " + before.descriptors()
                    + ", see " + Evidence.gather(service, directory, "left"));
        }
        findings.addUnless(
                now.threads() <= before.threads(),
                "threads are left: " + now.threads() + ", at the start " + before.threads());
        findings.addUnless(
                now.directKb() <= before.directKb() + DIRECT_KB,
                "memory is left: " + now.directKb() + " KiB outside the heap, at the start " + before.directKb());
        return now;
    }

    /** Holds an ending against the ledger. */
    static void checkEnding(Ending ending, Ledger ledger, boolean lenient, Findings findings) {
        findings.addUnless(ending.exitCode() == 0, "exit code " + ending.exitCode() + " after SIGTERM");
        findings.addUnless(
                ending.took().toMillis() < Listeners.DRAIN_MILLIS / 2,
                "it took " + ending.took() + " to end: a connection was left");
        List<String> unexpected = ending.err()
                .lines()
                .filter(line -> !isOfTheMachine(line) && !(lenient && isExpected(line)))
                .toList();
        findings.addUnless(
                unexpected.isEmpty(),
                unexpected.size() + " lines on standard error: "
                        + String.join("\n", unexpected.subList(0, Math.min(40, unexpected.size()))));
        findings.addUnless(!ending.closings().isEmpty(), "no closing lines");
        for (Map.Entry<String, Closing> listener : ending.closings().entrySet()) {
            check(listener.getKey(), listener.getValue(), ledger.of(listener.getKey()), lenient, findings);
        }
    }

    /** Vert.x warns of an event loop that did not get its turn, with a stack trace, Netty where no interface has a MAC address. */
    private static boolean isOfTheMachine(String line) {
        return line.contains(" BlockedThreadChecker: ")
                || line.contains(" MacAddressUtil: ")
                || line.equals("io.vertx.core.VertxException: Thread blocked")
                || line.startsWith("\tat ");
    }

    private static boolean isExpected(String line) {
        return line.contains("WARN") || line.contains("accept");
    }

    private static void check(
            String name, Closing closing, Ledger.Account account, boolean lenient, Findings findings) {
        findings.addUnless(closing.refused() == 0, name + ": " + closing.refused() + " connections refused");
        findings.addUnless(
                closing.failed() <= account.broken() || lenient,
                name + ": counts " + closing.failed() + " failed connections, clients have broken " + account.broken());
        findings.addUnless(
                closing.bytes() >= account.verified() && closing.bytes() <= account.written(),
                name + ": counts " + closing.bytes() + " bytes, clients have sent " + account.written()
                        + " and verified " + account.verified());
    }
}
