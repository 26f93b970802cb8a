package dev.vecho.monitor;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that keeps what checks have found over a restart: a line that says what it is and in which version, a record for each
 * check, and a checksum. One record is in memory at a time while it is written; it is written beside the file, which it then
 * replaces, so there is a whole file at any time. Blocks; for one thread at a time.
 */
final class StateFile {

    private static final Logger LOG = LoggerFactory.getLogger(StateFile.class);

    /** The end of it is the version. Others read of it that this is no text. */
    static final String HEAD = "\0vecho checks 1";

    private static final long BETWEEN_LINES = TimeUnit.HOURS.toNanos(1);

    private final Path file;
    private boolean failing;
    private long lastLine;

    StateFile(Path file) {
        this.file = file.toAbsolutePath();
    }

    Path file() {
        return file;
    }

    /** What was saved, by check. A file that is not whole is set aside; never fails. */
    Map<String, SavedCheck> load() {
        CRC32 sum = new CRC32();
        try (DataInputStream in =
                new DataInputStream(new CheckedInputStream(new BufferedInputStream(Files.newInputStream(file)), sum))) {
            return read(in, sum, Files.size(file));
        } catch (NoSuchFileException e) {
            return Map.of();
        } catch (IOException | RuntimeException e) {
            String why = e instanceof EOFException ? "it ends too early" : String.valueOf(e.getMessage());
            setAside(why);
            return Map.of();
        }
    }

    private static Map<String, SavedCheck> read(DataInputStream in, CRC32 sum, long size) throws IOException {
        byte[] head = HEAD.getBytes(StandardCharsets.US_ASCII);
        if (!Arrays.equals(in.readNBytes(head.length), head)) {
            throw new IOException("it is not such a file, or one of another version");
        }
        Map<String, SavedCheck> all = new HashMap<>();
        for (String name = in.readUTF(); !name.isEmpty(); name = in.readUTF()) {
            String subject = in.readUTF();
            int length = in.readInt();
            if (length < 0 || length > size) {
                throw new IOException("a length in it is wrong");
            }
            all.put(name, new SavedCheck(subject, in.readNBytes(length)));
        }
        long found = sum.getValue();
        if (in.readLong() != found || in.read() >= 0) {
            throw new IOException("its checksum is wrong");
        }
        return all;
    }

    private void setAside(String why) {
        Path aside = file.resolveSibling(file.getFileName() + ".damaged");
        try {
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
            LOG.warn("checks: {} cannot be used, {}: it is {} now, and histories begin anew", file, why, aside);
        } catch (IOException e) {
            LOG.warn("checks: {} cannot be used, {}, nor be set aside: {}", file, why, e.toString());
        }
    }

    /**
     * Writes all; a failure is told once, and again each hour.
     *
     * @param gone what to write of checks that are not played
     */
    void save(Collection<MonitoredCheck> checks, Supplier<Map<String, SavedCheck>> gone) {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.deleteIfExists(next);
            write(next, checks, gone.get());
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            if (failing) {
                failing = false;
                LOG.info("checks: {} is written again", file);
            }
        } catch (IOException | RuntimeException e) {
            long now = System.nanoTime();
            if (!failing || now - lastLine >= BETWEEN_LINES) {
                lastLine = now;
                LOG.warn("checks: {} cannot be written: {}", file, reason(e));
            }
            failing = true;
            discard(next);
        }
    }

    /** The messages of some name the file alone. */
    private static String reason(Exception failure) {
        String why = failure instanceof FileSystemException system ? system.getReason() : failure.getMessage();
        return why == null ? failure.getClass().getSimpleName() : why;
    }

    private static void discard(Path next) {
        try {
            Files.deleteIfExists(next);
        } catch (IOException e) {
            LOG.debug("{} stays: {}", next, e.toString());
        }
    }

    private static void write(Path next, Collection<MonitoredCheck> checks, Map<String, SavedCheck> gone)
            throws IOException {
        try (FileChannel channel = FileChannel.open(
                next, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), permissions(next))) {
            CRC32 sum = new CRC32();
            DataOutputStream out = new DataOutputStream(
                    new CheckedOutputStream(new BufferedOutputStream(Channels.newOutputStream(channel)), sum));
            out.write(HEAD.getBytes(StandardCharsets.US_ASCII));
            for (MonitoredCheck check : checks) {
                write(out, check.name(), SavedCheck.of(check));
            }
            for (Map.Entry<String, SavedCheck> each : gone.entrySet()) {
                write(out, each.getKey(), each.getValue());
            }
            out.writeUTF("");
            out.writeLong(sum.getValue());
            out.flush();
            channel.force(true);
        }
    }

    private static void write(DataOutputStream out, String name, SavedCheck saved) throws IOException {
        out.writeUTF(name);
        out.writeUTF(saved.subject());
        out.writeInt(saved.packed().length);
        out.write(saved.packed());
    }

    /** As the umask says, but not for everybody: it tells of targets, and of what they answered. */
    private static FileAttribute<?>[] permissions(Path next) {
        boolean posix = next.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----"))
                }
                : new FileAttribute<?>[0];
    }
}
