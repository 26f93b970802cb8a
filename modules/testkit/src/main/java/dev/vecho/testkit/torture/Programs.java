package dev.vecho.testkit.torture;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** Clients that are programs of others: what they read on standard input must come out on standard output. */
final class Programs {

    private static final long LARGEST = 4 << 20;

    private Programs() {}

    /** Of those that are installed. */
    static List<Behaviour> behaviours() {
        List<Behaviour> all = new ArrayList<>();
        if (isInstalled("ncat")) {
            all.add(Behaviour.of(
                    "tcp-ncat", play -> through(play, "tcp", "ncat", play.dial().host(), port(play, "tcp"))));
        }
        if (isInstalled("socat")) {
            all.add(Behaviour.of(
                    "tls-socat",
                    play -> through(
                            play,
                            "tls",
                            "socat",
                            "-t100",
                            "STDIO",
                            "OPENSSL:" + play.dial().host() + ":" + port(play, "tls") + ",verify=0")));
        }
        if (isInstalled("curl")) {
            all.add(Behaviour.of("http-curl", play -> curl(play, "http", "http", "--http1.1")));
            all.add(Behaviour.of("http-curl-http2", play -> curl(play, "http", "http", "--http2-prior-knowledge")));
            all.add(Behaviour.of("https-curl", play -> curl(play, "https", "https", "--http1.1")));
            all.add(Behaviour.of("https-curl-http2", play -> curl(play, "https", "https", "--http2")));
        }
        return all;
    }

    /** Those that are not installed: their behaviours do not take part. */
    static List<String> missing() {
        return Stream.of("ncat", "socat", "curl")
                .filter(name -> !isInstalled(name))
                .toList();
    }

    private static boolean isInstalled(String name) {
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            if (Files.isExecutable(Path.of(directory, name))) {
                return true;
            }
        }
        return false;
    }

    private static String port(Play play, String listener) {
        return Integer.toString(play.dial().address(listener).getPort());
    }

    private static void curl(Play play, String scheme, String listener, String version) throws Exception {
        String uri = play.dial().uri(scheme, listener) + "/torture";
        // "-T ." sends what comes and reads meanwhile; -N gives what comes back at once.
        through(play, listener, "curl", "-sS", "-N", "-k", "--noproxy", "*", version, "-T", ".", "-X", "POST", uri);
    }

    private static void through(Play play, String listener, String... command) throws Exception {
        long size = Manner.size(
                play.random(), Math.min(LARGEST, play.stage().settings().largest()));
        Payload payload = play.payload();
        SplittableRandom writer = play.random().split();
        Ledger.Account account = play.account(listener);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        play.keep(process::destroyForcibly);
        try {
            Future<?> writing = play.beside(() -> write(process, size, payload, writer, account));
            long came = read(process, payload, account);
            int exitCode = process.waitFor();
            if (came != size) {
                String told = String.join(" ", command) + " has got " + came + " of " + size + " bytes, exit code "
                        + exitCode;
                if (exitCode == 0) {
                    throw new WrongBytes(told);
                }
                account.breaks();
                throw new IOException(told);
            }
            play.await(List.of(writing));
        } finally {
            process.destroyForcibly();
        }
    }

    private static void write(
            Process process, long size, Payload payload, SplittableRandom random, Ledger.Account account)
            throws Exception {
        byte[] block = new byte[1 << 16];
        try (OutputStream out = process.getOutputStream()) {
            for (long at = 0; at < size; ) {
                int piece = (int) Math.min(1 + Manner.size(random, block.length - 1), size - at);
                payload.fill(block, 0, piece, at);
                account.writes(piece);
                out.write(block, 0, piece);
                out.flush();
                at += piece;
            }
        }
    }

    private static long read(Process process, Payload payload, Ledger.Account account) throws Exception {
        byte[] block = new byte[1 << 16];
        long came = 0;
        InputStream in = process.getInputStream();
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            payload.verify(block, 0, count, came);
            came += count;
            account.verified(count);
        }
        return came;
    }
}
