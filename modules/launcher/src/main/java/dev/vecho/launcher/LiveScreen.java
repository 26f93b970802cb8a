package dev.vecho.launcher;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Another screen of the terminal, drawn again and again until q is typed. What was on the terminal comes back when it is closed, or the
 * process ends.
 */
final class LiveScreen implements AutoCloseable {

    /** Home, and clear from there on. */
    private static final String REDRAW = "\u001b[H\u001b[J";

    private static final String OTHER_SCREEN = "\u001b[?1049h\u001b[?25l";
    private static final String BACK = "\u001b[?25h\u001b[?1049l";
    private static final long POLL_MILLIS = 50;

    private final PrintWriter out;
    private final Thread restore = new Thread(() -> {
        System.out.print(BACK);
        System.out.flush();
        stty("icanon", "echo");
    });

    LiveScreen(PrintWriter out) {
        this.out = out;
        Runtime.getRuntime().addShutdownHook(restore);
        stty("-icanon", "-echo");
        out.print(OTHER_SCREEN);
    }

    void draw(String text) {
        out.print(REDRAW + text);
        out.flush();
    }

    /** Waits, and tells whether q was typed. */
    boolean isToEndWithin(Duration time) throws IOException, InterruptedException {
        for (long end = System.nanoTime() + time.toNanos(); System.nanoTime() < end; Thread.sleep(POLL_MILLIS)) {
            while (System.in.available() > 0) {
                if (System.in.read() == 'q') {
                    return true;
                }
            }
        }
        return false;
    }

    /** Sets the terminal to give single keys, or lines again. Without the program stty, q needs Enter. */
    private static void stty(String... settings) {
        List<String> command = new ArrayList<>(List.of("stty"));
        command.addAll(List.of(settings));
        try {
            new ProcessBuilder(command).inheritIO().start().waitFor();
        } catch (IOException missing) {
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(restore);
        out.print(BACK);
        out.flush();
        stty("icanon", "echo");
    }
}
