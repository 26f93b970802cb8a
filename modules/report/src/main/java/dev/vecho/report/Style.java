package dev.vecho.report;

/** Colours of a terminal (ECMA-48), or none. */
enum Style {
    PLAIN,
    COLOURED;

    private static final String RESET = "\u001b[0m";

    String good(String text) {
        return in("\u001b[32m", text);
    }

    String bad(String text) {
        return in("\u001b[31m", text);
    }

    String faint(String text) {
        return in("\u001b[2m", text);
    }

    private String in(String colour, String text) {
        return this == PLAIN ? text : colour + text + RESET;
    }
}
