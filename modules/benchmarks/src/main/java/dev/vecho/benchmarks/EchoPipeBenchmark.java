package dev.vecho.benchmarks;

import dev.vecho.core.Traffic;
import dev.vecho.net.echo.EchoPipe;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the echo pipe itself costs a message, without a socket: a buffer goes in at one end of a channel that exists in
 * memory only, and comes out at the other. {@link #bareChannel} is the same channel without the pipe.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"-Dio.netty.allocator.type=pooled", "-Dio.netty.leakDetection.level=disabled"})
public class EchoPipeBenchmark {

    /** Bytes of a message. */
    @Param({"64", "16384"})
    public int size;

    private @Nullable EmbeddedChannel piped;
    private @Nullable EmbeddedChannel bare;
    private @Nullable ByteBuf message;

    @Setup
    public void open() {
        piped = new EmbeddedChannel(new EchoPipe(new Traffic(), 64 * 1024, Duration.ZERO, false));
        bare = new EmbeddedChannel();
        message = piped.alloc().directBuffer(size).writeZero(size);
    }

    @TearDown
    public void close() {
        Objects.requireNonNull(message).release();
        Objects.requireNonNull(piped).finishAndReleaseAll();
        Objects.requireNonNull(bare).finishAndReleaseAll();
    }

    /** Through the pipe; what comes out is returned, so that it cannot be optimized away. */
    @Benchmark
    public ByteBuf echo() {
        EmbeddedChannel channel = Objects.requireNonNull(piped);
        channel.writeInbound(Objects.requireNonNull(message).retainedDuplicate());
        return released(channel.readOutbound());
    }

    /** Into the channel and out of it again, for comparison. */
    @Benchmark
    public ByteBuf bareChannel() {
        EmbeddedChannel channel = Objects.requireNonNull(bare);
        channel.writeInbound(Objects.requireNonNull(message).retainedDuplicate());
        return released(channel.readInbound());
    }

    private static ByteBuf released(@Nullable ByteBuf echo) {
        Objects.requireNonNull(echo, "nothing came out").release();
        return echo;
    }
}
