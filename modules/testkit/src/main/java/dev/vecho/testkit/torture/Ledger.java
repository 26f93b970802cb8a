package dev.vecho.testkit.torture;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/** What the clients have done to each listener, to hold against what the service has counted. Safe for any thread. */
final class Ledger {

    /** What was done to one listener. */
    static final class Account {

        private final LongAdder broken = new LongAdder();
        private final LongAdder written = new LongAdder();
        private final LongAdder verified = new LongAdder();

        /** A client breaks a connection off, or found it broken. */
        void breaks() {
            broken.increment();
        }

        /** Bytes are about to be written. */
        void writes(long bytes) {
            written.add(bytes);
        }

        /** Bytes came back as they should. */
        void verified(long bytes) {
            verified.add(bytes);
        }

        long broken() {
            return broken.sum();
        }

        long written() {
            return written.sum();
        }

        long verified() {
            return verified.sum();
        }
    }

    private final Map<String, Account> accounts = new TreeMap<>();

    /** The account of a listener. */
    synchronized Account of(String listener) {
        return accounts.computeIfAbsent(listener, name -> new Account());
    }

    /** All bytes that came back as they should. */
    synchronized long verified() {
        return accounts.values().stream().mapToLong(Account::verified).sum();
    }
}
