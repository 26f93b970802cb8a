package dev.vecho.testkit.torture;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process holds, by proc(5) and by the JVM's own account of its native memory.
 *
 * @param descriptors what its descriptors stand for, such as {@code socket}, and how many there are
 * @param threads how many of its own it has, those of the JVM and of the pools for blocking work left out, which come and go
 * @param residentKb what of its memory is in use
 * @param directKb memory outside the heap, Netty's buffers above all
 */
record Usage(Map<String, Integer> descriptors, int threads, long residentKb, long directKb) {

    private static final Pattern COMES_AND_GOES = Pattern.compile(
            "C[12] .*|G1 .*|GC .*|VM .*|Attach .*|Signal .*|Common-Clean.*|iou-.*|.*worker.*|vert.x-internal.*|.*blocked.*|java");

    private static final Pattern DIRECT = Pattern.compile("Other \\(reserved=\\d+KB, committed=(\\d+)KB");

    /** Looks at a process. */
    static Usage of(long pid, String java) throws Exception {
        // First, for the JVM opens a socket when it is asked for the first time.
        long direct = direct(pid, java);
        return new Usage(descriptors(pid), threads(pid), resident(pid), direct);
    }

    /** How many descriptors there are. */
    int descriptorCount() {
        return descriptors.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static Map<String, Integer> descriptors(long pid) throws IOException {
        Map<String, Integer> kinds = new TreeMap<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
            for (Path one : all) {
                try {
                    String target = Files.readSymbolicLink(one).toString();
                    kinds.merge(target.replaceAll(":.*", ""), 1, Integer::sum);
                } catch (NoSuchFileException e) {
                    // It was closed since it was listed: it does not count.
                }
            }
        }
        return kinds;
    }

    private static int threads(long pid) throws IOException {
        List<String> own = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path one : all) {
                try {
                    String name = Files.readString(one.resolve("comm")).strip();
                    if (!COMES_AND_GOES.matcher(name).matches()) {
                        own.add(name);
                    }
                } catch (IOException e) {
                    // It has ended since it was listed.
                }
            }
        }
        return own.size();
    }

    private static long resident(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .sum();
    }

    private static long direct(long pid, String java) throws Exception {
        Matcher other = DIRECT.matcher(jcmd(pid, java, "VM.native_memory", "summary"));
        return other.find() ? Long.parseLong(other.group(1)) : 0;
    }

    /** What the JVM of a process says of itself; what went wrong, where it says nothing. */
    static String jcmd(long pid, String java, String... command) throws Exception {
        List<String> all = new ArrayList<>();
        all.add(Path.of(java).resolveSibling("jcmd").toString());
        all.add(Long.toString(pid));
        all.addAll(List.of(command));
        return output(all);
    }

    /** The output of a program, what it says of errors among it. */
    static String output(List<String> command) throws Exception {
        Path file = Files.createTempFile("torture", ".out");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(file.toFile())
                .start();
        try {
            if (!process.waitFor(60, java.util.concurrent.TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            return Files.readString(file);
        } finally {
            Files.delete(file);
        }
    }

    @Override
    public String toString() {
        return descriptorCount() + " descriptors " + descriptors + ", " + threads + " threads, " + residentKb / 1024
                + " MiB resident, " + directKb / 1024 + " MiB direct";
    }
}
