package dev.vecho.transport.udp;

import dev.vecho.core.Traffic;
import dev.vecho.net.listen.ByteRates;
import java.util.stream.Collectors;

/** What one listener did not answer, counted by reason. Safe for any thread. */
final class UdpDrops {

    /** Why a datagram got no answer. */
    enum Reason {
        /** Its source address is not one that is served. */
        NOT_ALLOWED("not allowed"),
        /** What listens on its source port may answer by itself, and the answer to that would be next. */
        SOURCE_PORT("from a refused source port"),
        /** Its source is a listener of this process: the two would answer each other for ever. */
        OWN_LISTENER("from a listener of our own"),
        /** Its source is no single host: broadcast, multicast or unspecified. */
        SOURCE_ADDRESS("from a broadcast, multicast or unspecified address"),
        /** It was sent to many hosts: broadcast or multicast. */
        DESTINATION("to a broadcast or multicast address"),
        /** More than {@code maxDatagramsPerSecond} came from its source address. */
        RATE("over the limit per second"),
        /** More than {@code maxBytesPerSecond} came from its source address. */
        BYTES(ByteRates.OVER_OWN),
        /** More than {@code maxListenerBytesPerSecond} came to the listener. */
        LISTENER_BYTES(ByteRates.OVER_LISTENERS),
        /** The operating system takes no more for now. */
        SEND_BUFFER("send buffer full"),
        /** The operating system refused to send the answer. */
        SEND_FAILED("not sendable"),
        /** It was sent to an address that no socket could be opened for. */
        NO_SOCKET("no socket for its destination");

        private final String words;

        Reason(String words) {
            this.words = words;
        }
    }

    private volatile Traffic traffic = new Traffic();

    /** From now on it counts there; called before there is anything to count. */
    void countIn(Traffic listener) {
        traffic = listener;
    }

    void count(Reason reason) {
        count(reason.words);
    }

    /** Counts what a service does not answer, for a reason of its own. */
    void count(String reason) {
        traffic.drop(reason);
    }

    long of(Reason reason) {
        return traffic.drops().getOrDefault(reason.words, 0L);
    }

    /** Such as {@code 3 over the limit per second, 1 send buffer full}; empty if nothing was dropped. */
    @Override
    public String toString() {
        return traffic.drops().entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }
}
