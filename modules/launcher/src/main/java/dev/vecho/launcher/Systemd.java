package dev.vecho.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd of the state of the service: the protocol of sd_notify(3), for units of {@code Type=notify} and
 * {@code Type=notify-reload}, and with {@code WatchdogSec=}. It does nothing where nobody asks for it with the environment variable
 * {@code NOTIFY_SOCKET}.
 *
 * <p>The messages are datagrams to a Unix socket, which Java does not know; Netty's library for epoll does. Where it is
 * missing, the program {@code systemd-notify} sends them, which takes {@code NotifyAccess=all}.
 */
final class Systemd {

    private static final Logger LOG = LoggerFactory.getLogger(Systemd.class);

    private static final int PROGRAM_SECONDS = 5;

    private final @Nullable String socket;
    private final long watchdogMicros;
    private boolean failed;

    private Systemd(@Nullable String socket, long watchdogMicros) {
        this.socket = socket;
        this.watchdogMicros = watchdogMicros;
    }

    /** Reads the environment that systemd gives to a service; {@code WATCHDOG_USEC} of another process counts for nothing. */
    static Systemd of(Map<String, String> environment) {
        String socket = environment.get("NOTIFY_SOCKET");
        String process = environment.get("WATCHDOG_PID");
        boolean isOurs = process == null
                || process.equals(Long.toString(ProcessHandle.current().pid()));
        long watchdog = 0;
        try {
            watchdog = isOurs ? Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0")) : 0;
        } catch (NumberFormatException e) {
            LOG.warn("environment variable WATCHDOG_USEC: must be a number, there is no watchdog");
        }
        return new Systemd(socket == null || socket.isEmpty() ? null : socket, Math.max(0, watchdog));
    }

    /** The service is ready, at first or again after a reload. */
    void ready(String status) {
        send("READY=1\nSTATUS=" + status + "\nMAINPID="
                + ProcessHandle.current().pid());
    }

    /** The service reads its configuration again; {@link #ready} follows. */
    void reloading() {
        // CLOCK_MONOTONIC, which is what nanoTime is on Linux.
        send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1000);
    }

    /** The service was told to stop. */
    void stopping() {
        send("STOPPING=1\nSTATUS=connections may finish");
    }

    /** Sends a sign of life twice in the time that systemd allows, as long as every event loop answers. */
    void watch(Vertx vertx) {
        if (socket != null && watchdogMicros > 0) {
            Heartbeats.every(vertx, watchdogMicros / 2, TimeUnit.MICROSECONDS, () -> send("WATCHDOG=1"));
        }
    }

    private synchronized void send(String message) {
        if (socket == null) {
            return;
        }
        try {
            if (Epoll.isAvailable()) {
                send(socket, message.getBytes(UTF_8));
            } else {
                run(message);
            }
        } catch (IOException e) {
            if (!failed) {
                LOG.warn("systemd is not told: NOTIFY_SOCKET {}: {}", socket, e.getMessage());
            }
            failed = true;
        }
    }

    private static void send(String socket, byte[] message) throws IOException {
        // A name that begins with @ is abstract: its first byte is NUL.
        byte[] path = (socket.startsWith("@") ? "\0" + socket.substring(1) : socket).getBytes(UTF_8);
        ByteBuffer buffer = ByteBuffer.allocateDirect(message.length).put(message);
        Socket datagrams = Socket.newSocketDomainDgram();
        try {
            datagrams.sendToDomainSocket(buffer, 0, message.length, path);
        } finally {
            datagrams.close();
        }
    }

    private static void run(String message) throws IOException {
        Process program = new ProcessBuilder(concat("systemd-notify", message.split("\n", -1)))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (!program.waitFor(PROGRAM_SECONDS, TimeUnit.SECONDS) || program.exitValue() != 0) {
                program.destroy();
                throw new IOException("systemd-notify has failed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<String> concat(String first, String... others) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(List.of(others));
        return all;
    }
}
