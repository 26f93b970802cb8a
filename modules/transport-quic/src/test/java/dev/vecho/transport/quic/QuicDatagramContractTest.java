package dev.vecho.transport.quic;

import dev.vecho.core.Transport;
import dev.vecho.testkit.quic.QuicDatagramContract;

class QuicDatagramContractTest extends QuicDatagramContract {

    @Override
    protected Transport transport() {
        return new QuicTransport();
    }
}
