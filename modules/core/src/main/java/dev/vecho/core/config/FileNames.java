package dev.vecho.core.config;

import java.util.regex.Pattern;

/**
 * Says why a file name cannot be used. Java has the names that its locale can write, and reads others from the command line as
 * replacement characters: in the locale C, which a container or a service often has, all that is beyond ASCII.
 */
public final class FileNames {

    private static final Pattern BEYOND_ASCII = Pattern.compile("[^\\x00-\\x7f]");

    private FileNames() {}

    /** What is wrong with a name that Java has refused, to be put after the place and a colon. */
    public static String problem(String name) {
        return BEYOND_ASCII.matcher(name).find()
                ? "\"" + name + "\" " + beyondLocale()
                : "must be a file name, was \"" + name + "\"";
    }

    /** Whether Java could not read all characters of an argument from the command line. */
    public static boolean isGarbled(String argument) {
        return argument.indexOf('\ufffd') >= 0;
    }

    /** What to say after such an argument, or such a name. */
    public static String beyondLocale() {
        return "has characters that Java cannot use in the locale of this process (their encoding is "
                + System.getProperty("sun.jnu.encoding")
                + "): set the environment variable LC_ALL=C.UTF-8, or to another"
                + " locale with UTF-8";
    }
}
