/** An echo server for the tests of others. */
@SuppressWarnings("module") // The name ends with a digit, as that of JUnit 5 does.
module dev.vecho.junit5 {
    requires transitive dev.vecho.server;
    requires transitive org.junit.jupiter.api;

    // API
    exports dev.vecho.junit5;

    // JUnit makes the extension.
    opens dev.vecho.junit5 to
            org.junit.platform.commons;
}
