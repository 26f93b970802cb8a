package dev.vecho.client.script;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The content of a file, mapped into memory. */
final class FilePayload implements Payload {

    private final ByteBuffer content;

    private FilePayload(ByteBuffer content) {
        this.content = content;
    }

    static FilePayload map(Path file) throws IOException {
        if (Files.notExists(file)) {
            throw new NoSuchFileException("no such file: " + file);
        }
        // A device or a pipe has no size, and its bytes could not be read twice.
        if (!Files.isRegularFile(file)) {
            throw new IOException("is not a regular file: " + file);
        }
        if (!Files.isReadable(file)) {
            throw new IOException("cannot be read: " + file);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size > Integer.MAX_VALUE) {
                throw new IOException("must have at most " + Integer.MAX_VALUE + " bytes, has " + size + ": " + file);
            }
            return new FilePayload(channel.map(MapMode.READ_ONLY, 0, size));
        }
    }

    @Override
    public long size() {
        return content.capacity();
    }

    @Override
    public void copy(long position, byte[] into, int length) {
        content.get(Math.toIntExact(position), into, 0, length);
    }
}
