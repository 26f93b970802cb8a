package dev.vecho.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A blocking client for a stream of bytes that knows nothing of Vecho. Every read has a time limit of about a minute. One
 * thread may write while another reads.
 */
public interface EchoClient extends AutoCloseable {

    /** What is written goes out at once. */
    OutputStream out() throws IOException;

    /** Ends where the peer closed its output; throws where the connection broke. */
    InputStream in() throws IOException;

    /** Closes the output and keeps the input open. */
    void closeOutput() throws IOException;

    /** Breaks the connection: the peer sees a reset. */
    void reset() throws IOException;

    @Override
    void close() throws IOException;
}
