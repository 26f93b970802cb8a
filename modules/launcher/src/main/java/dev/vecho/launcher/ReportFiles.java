package dev.vecho.launcher;

import dev.vecho.report.Format;
import dev.vecho.report.ReportWriter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The files that reports are written to. A format that is written bit by bit goes to its file at once; of another the file
 * is there when it is whole, and an older one is left alone until then.
 */
final class ReportFiles implements AutoCloseable {

    private final List<Open> files = new ArrayList<>();
    private final List<ReportWriter> writers = new ArrayList<>();

    private record Open(Path file, Path written, TrackedOutput output, PrintWriter out) {}

    /**
     * Opens a file, before anything is played.
     *
     * @param text {@code FORMAT=FILE}, or {@code FILE} with a name that tells the format
     * @throws IllegalArgumentException with a message that names the file, if its name is wrong
     * @throws OwnFailure if it cannot be written
     */
    void add(String text) {
        Format format = null;
        Path file = Path.of(text);
        for (Format each : Format.values()) {
            if (text.startsWith(each + "=")) {
                format = each;
                file = Path.of(text.substring(each.toString().length() + 1));
            }
        }
        if (format == null) {
            format = Format.ofFile(text)
                    .orElseThrow(
                            () -> new IllegalArgumentException(
                                    text
                                            + ": expected a name that ends in .txt, .json, .jsonl, .xml (JUnit) or .html, or FORMAT=FILE"));
        }
        Path path = file.toAbsolutePath();
        if (Files.isDirectory(path)) {
            throw new IllegalArgumentException(file + ": is a directory");
        }
        try {
            // What is no file, such as a pipe, stays what it is.
            boolean atOnce = format.live() || (Files.exists(path) && !Files.isRegularFile(path));
            Path written = atOnce ? path : partOf(path);
            TrackedOutput output = new TrackedOutput(open(path, written), failure -> {});
            PrintWriter out =
                    new PrintWriter(new BufferedWriter(new OutputStreamWriter(output, StandardCharsets.UTF_8)));
            files.add(new Open(path, written, output, out));
            writers.add(format.to(out));
        } catch (IOException e) {
            throw new OwnFailure("--report: " + file + ": cannot be written: " + OwnFailure.reasonWithoutFile(e), e);
        }
    }

    private static Path partOf(Path file) {
        String random = Long.toHexString(ThreadLocalRandom.current().nextLong());
        return file.resolveSibling("." + file.getFileName() + "." + random + ".part");
    }

    /** Opens a file with the mode that the umask gives, or with that of an older report which it will replace. */
    private static OutputStream open(Path file, Path written) throws IOException {
        if (written.equals(file)) {
            return Files.newOutputStream(written);
        }
        // A temporary file of Java's would be for its owner alone.
        OutputStream output = Files.newOutputStream(written, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        PosixFileAttributeView mode = Files.getFileAttributeView(written, PosixFileAttributeView.class);
        if (mode != null && Files.exists(file)) {
            mode.setPermissions(Files.getPosixFilePermissions(file));
        }
        return output;
    }

    List<ReportWriter> writers() {
        return writers;
    }

    /**
     * Puts those in their place that are whole now.
     *
     * @throws OwnFailure names the files that could not be written
     */
    void finish() {
        List<String> problems = new ArrayList<>();
        for (Open open : files) {
            open.out.close();
            IOException failure = open.output.failure();
            try {
                if (failure == null && !open.written.equals(open.file)) {
                    Files.move(open.written, open.file, StandardCopyOption.REPLACE_EXISTING);
                }
            } catch (IOException e) {
                failure = e;
            }
            if (failure != null) {
                problems.add(open.file + ": could not be written to its end: " + OwnFailure.reasonWithoutFile(failure));
            }
        }
        if (!problems.isEmpty()) {
            throw new OwnFailure("--report: " + String.join("; ", problems), null);
        }
        files.clear();
    }

    /** Leaves nothing half-done behind, where it was not finished. */
    @Override
    public void close() throws IOException {
        for (Open open : files) {
            open.out.close();
            if (!open.written.equals(open.file)) {
                Files.deleteIfExists(open.written);
            }
        }
    }
}
