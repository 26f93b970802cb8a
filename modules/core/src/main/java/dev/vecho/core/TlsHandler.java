package dev.vecho.core;

import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLEngine;

/** Netty's, but for one thing that it does not tell. */
final class TlsHandler extends SslHandler {

    TlsHandler(SSLEngine engine) {
        super(engine);
    }

    /** Whether it holds nothing of a record whose end has not come yet. */
    boolean isBetweenRecords() {
        return actualReadableBytes() == 0;
    }
}
