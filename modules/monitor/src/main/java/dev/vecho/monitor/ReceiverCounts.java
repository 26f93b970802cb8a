package dev.vecho.monitor;

/**
 * What came of telling a receiver, at one moment.
 *
 * @param receiver its name
 * @param delivered changes that it has taken
 * @param dropped changes that were given up
 * @param failedRequests those without an answer, or with one that refused them
 * @param waiting changes that are still to be told
 */
public record ReceiverCounts(String receiver, long delivered, long dropped, long failedRequests, long waiting) {}
