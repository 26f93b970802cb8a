package dev.vecho.testkit.torture;

/** What may fail. */
interface Task {
    void run() throws Exception;
}
