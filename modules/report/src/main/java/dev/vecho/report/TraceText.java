package dev.vecho.report;

import dev.vecho.client.report.Trace;
import dev.vecho.client.script.Case;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/**
 * Tells a round step by step, with a hex dump of the first bytes of each piece that was sent or came. The lines of rounds
 * that are played at the same time are mixed; each names its round.
 */
public final class TraceText implements Trace {

    private final PrintWriter out;
    private final String round;

    /**
     * Creates an instance.
     *
     * @param out may be shared by many threads
     */
    public TraceText(PrintWriter out, Case played, int round) {
        this.out = out;
        this.round = played.name() + " round=" + round;
    }

    @Override
    public void opened(Duration at, String localAddress, String remoteAddress) {
        tell(at, "connected " + localAddress + " to " + remoteAddress, "");
    }

    @Override
    public void begun(Duration at, int step) {
        tell(at, "steps[" + step + "] begins", "");
    }

    @Override
    public void finished(Duration at, int step) {
        tell(at, "steps[" + step + "] is done", "");
    }

    @Override
    public void sent(Duration at, byte[] first, int count) {
        tell(at, "sends " + count + (count == 1 ? " byte" : " bytes"), dump(first, count));
    }

    @Override
    public void received(Duration at, byte[] first, int count) {
        tell(at, "got " + count + (count == 1 ? " byte" : " bytes"), dump(first, count));
    }

    @Override
    public void ended(Duration at) {
        tell(at, "the peer closed its output", "");
    }

    @Override
    public void closed(Duration at) {
        tell(at, "closed", "");
    }

    private static String dump(byte[] first, int count) {
        String more = count > first.length ? "\n… and " + (count - first.length) + " more" : "";
        return first.length == 0 ? "" : ByteBufUtil.prettyHexDump(Unpooled.wrappedBuffer(first)) + more;
    }

    private void tell(Duration at, String what, String dump) {
        String line = String.format(Locale.ROOT, "%10.3f ms %s %s", at.toNanos() / 1e6, round, what);
        // In one piece, so that other lines come before or after it.
        out.println(dump.isEmpty() ? line : line + "\n" + dump);
        out.flush();
    }
}
