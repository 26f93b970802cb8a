package dev.vecho.client.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
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
    void randomBytesWithoutSeedAreChosenLater() {
        Payload varied = Payload.random(20);

        assertThat(varied.size()).isEqualTo(20);
        assertThatThrownBy(() -> varied.copy(0, new byte[20], 20)).isInstanceOf(UnsupportedOperationException.class);
        assertThat(read(varied.seeded(5), 0, 20)).isEqualTo(read(Payload.random(20, 5), 0, 20));
        assertThat(Payload.random(20, 6).seeded(5)).isEqualTo(Payload.random(20, 6));
    }

    @Test
    void eachBlockOfRandomBytesBeginsWithTheNextWord() {
        Payload words = Payload.random(1000, 7);
        Payload blocks = Payload.random(10, 7).times(5);

        assertThat(blocks.size()).isEqualTo(50);
        for (int block = 0; block < 5; block++) {
            assertThat(read(blocks, block * 10L, 10)).isEqualTo(read(words, block * 16L, 10));
        }
        byte[] all = read(blocks, 0, 50);
        for (int from = 0; from <= 50; from++) {
            assertThat(read(blocks, from, 50 - from)).isEqualTo(Arrays.copyOfRange(all, from, 50));
        }
    }

    @Test
    void otherBytesRepeat() {
        Payload repeated = Payload.of(new byte[] {1, 2, 3}).times(3);

        assertThat(repeated.size()).isEqualTo(9);
        assertThat(read(repeated, 2, 6)).containsExactly(3, 1, 2, 3, 1, 2);
        assertThat(Payload.of(new byte[0]).times(3).size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, 123456789})
    void findsWhereRandomBytesAreFrom(long seed) {
        Payload large = Payload.random(1L << 50, seed);
        for (long position : new long[] {0, 1, 7, 8, 999_999_999_999L, (1L << 50) - 15}) {
            assertThat(large.find(read(large, position, 15), 15)).isEqualTo(position);
        }
        Payload blocks = Payload.random(20, seed).times(1000);
        assertThat(blocks.find(read(blocks, 400, 20), 20)).isEqualTo(400);
        assertThat(large.find(read(Payload.random(100, seed + 1), 0, 15), 15)).isEqualTo(-1);
        byte[] almost = read(large, 80, 20);
        almost[19]++;
        assertThat(large.find(almost, 20)).isEqualTo(-1);
        assertThat(large.find(read(large, 80, 7), 7)).isEqualTo(-1);
        assertThat(Payload.random(100, seed).find(read(large, 90, 15), 15)).isEqualTo(-1);
    }

    @Test
    void seedsDifferByCaseRoundConnectionAndSend() {
        Set<Long> seeds = new HashSet<>();
        for (int index = 0; index < 10; index++) {
            for (int round = 1; round <= 10; round++) {
                for (int connection = 0; connection < 3; connection++) {
                    for (int send = 0; send < 3; send++) {
                        seeds.add(new Seed(42).round(index, round).payload(connection, send));
                    }
                }
            }
        }
        assertThat(seeds).hasSize(900);
        assertThat(new Seed(42).round(0, 1)).isEqualTo(new Seed(42));
        assertThat(Seed.any().value()).isBetween(0L, Seed.MAX);
        assertThatThrownBy(() -> new Seed(-1)).isInstanceOf(IllegalArgumentException.class);
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
