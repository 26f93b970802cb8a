package dev.vecho.transport.udp;

import dev.vecho.core.ConfiguredService;
import dev.vecho.net.SocketFacts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A service that knows nothing of datagrams. */
record ServiceAnswers(ConfiguredService service) implements DatagramService {

    @Override
    public boolean amplifies() {
        return service.amplifies();
    }

    @Override
    public @Nullable Buffer answer(
            InetSocketAddress source, InetSocketAddress local, ByteBuf datagram, Consumer<String> drops) {
        Buffer asked = service.readsMessages() ? Buffer.buffer(ByteBufUtil.getBytes(datagram)) : Buffer.buffer();
        return service.answer(() -> facts(source, local), asked);
    }

    private static JsonObject facts(InetSocketAddress source, InetSocketAddress local) {
        return new JsonObject()
                .put("transport", "udp")
                .put("remote", SocketFacts.text(source))
                .put("local", SocketFacts.text(local));
    }
}
