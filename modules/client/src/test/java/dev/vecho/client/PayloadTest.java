package dev.vecho.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PayloadTest {

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 7, -1, Long.MIN_VALUE})
    void randomBytesAreTheWordsOfSplitMix64(long seed) {
        // The JDK's generator is SplitMix64, too.
        SplittableRandom words = new SplittableRandom(seed);
        ByteBuffer expected = ByteBuffer.allocate(800).order(ByteOrder.LITTLE_ENDIAN);
        while (expected.hasRemaining()) {
            expected.putLong(words.nextLong());
        }

        assertThat(read(Payload.random(800, seed), 0, 800)).isEqualTo(expected.array());
    }

    @Test
    void randomBytesAreTheSameFromAnyPosition() {
        Payload payload = Payload.random(64, 7);
        byte[] all = read(payload, 0, 64);
        for (int from = 0; from <= 64; from++) {
            for (int to = from; to <= 64; to++) {
                assertThat(read(payload, from, to - from))
                        .as("%d to %d", from, to)
                        .isEqualTo(Arrays.copyOfRange(all, from, to));
            }
        }
    }

    @Test
    void randomBytesFarBeyondTheIntegersDiffer() {
        Payload payload = Payload.random(1L << 50, 1);
        assertThat(read(payload, (1L << 49) + 3, 16))
                .isNotEqualTo(read(payload, 3, 16))
                .isEqualTo(read(payload, (1L << 49) + 3, 16));
    }

    @Test
    void copiesNothingBeyondTheLength() {
        byte[] into = new byte[20];
        Payload.random(100, 1).copy(3, into, 11);
        assertThat(Arrays.copyOfRange(into, 11, 20)).containsOnly(0);
    }

    @Test
    void rejectsNegativeSize() {
        assertThatThrownBy(() -> Payload.random(-1, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void readsFileFromAnyPosition(@TempDir Path directory) throws IOException {
        byte[] content = read(Payload.random(1000, 3), 0, 1000);
        Path file = Files.write(directory.resolve("content"), content);

        Payload payload = Payload.file(file);

        assertThat(payload.size()).isEqualTo(1000);
        assertThat(read(payload, 990, 10)).isEqualTo(Arrays.copyOfRange(content, 990, 1000));
        assertThat(read(payload, 0, 1000)).isEqualTo(content);
    }

    @Test
    void readsEmptyFile(@TempDir Path directory) throws IOException {
        assertThat(Payload.file(Files.createFile(directory.resolve("empty"))).size())
                .isZero();
    }

    @Test
    void rejectsFileOfTwoGibibytes(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 31);
        }

        assertThatThrownBy(() -> Payload.file(file))
                .isInstanceOf(IOException.class)
                .hasMessage("must have at most 2147483647 bytes, has 2147483648: " + file);
    }

    private static byte[] read(Payload payload, long position, int length) {
        byte[] bytes = new byte[length];
        payload.copy(position, bytes, length);
        return bytes;
    }
}
