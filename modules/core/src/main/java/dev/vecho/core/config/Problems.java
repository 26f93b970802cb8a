package dev.vecho.core.config;

import java.util.ArrayList;
import java.util.List;

/** Everything that is wrong with a user's input, collected so that it can be told all at once. */
public final class Problems {

    private final List<String> messages = new ArrayList<>();

    /** Adds a message that names the place, what was expected and what was found. */
    public void add(String message) {
        messages.add(message);
    }

    public boolean isEmpty() {
        return messages.isEmpty();
    }

    /** Those so far, in the order in which they were added. */
    public List<String> messages() {
        return List.copyOf(messages);
    }

    /** How many there are so far. */
    public int size() {
        return messages.size();
    }

    /**
     * Ends the collecting.
     *
     * @throws InvalidInputException with all messages, if there is one
     */
    public void throwIfAny() {
        if (!messages.isEmpty()) {
            throw new InvalidInputException(messages);
        }
    }
}
