package dev.vecho.launcher;

/** How a command prints its one result: for people, or as a JSON document. */
enum Output {
    text,
    json
}
