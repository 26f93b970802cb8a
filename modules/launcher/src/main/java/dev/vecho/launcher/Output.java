package dev.vecho.launcher;

/** How a command prints its one result: for people, or as a JSON document. */
enum Output {
    text,
    json;

    /** Both, as the help of a command has them. */
    static final String NAMES = "text|json";
}
