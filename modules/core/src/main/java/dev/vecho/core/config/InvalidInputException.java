package dev.vecho.core.config;

import java.io.Serial;
import java.util.List;

/** A configuration, a script or a target that cannot be used. Each line of the message is one problem. */
public final class InvalidInputException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final List<String> problems;

    public InvalidInputException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /** One message for each problem: its place, what was expected, what was found. */
    public List<String> problems() {
        return problems;
    }
}
