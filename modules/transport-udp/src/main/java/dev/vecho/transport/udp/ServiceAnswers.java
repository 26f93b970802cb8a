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

    /** The service in one; null where there is none. */
    static @Nullable ConfiguredService service(@Nullable DatagramService datagrams) {
        return datagrams instanceof ServiceAnswers answers ? answers.service : null;
    }

    @Override
    public boolean amplifies() {
        return service.amplifies();
    }

    @Override
    public void answer(
            InetSocketAddress source,
            InetSocketAddress local,
            ByteBuf datagram,
            Consumer<String> drops,
            ConfiguredService.Answers answers) {
        service.answer(() -> facts(source, local), asked(datagram), answers);
    }

    private Buffer asked(ByteBuf datagram) {
        return service.readsMessages() ? Buffer.buffer(ByteBufUtil.getBytes(datagram)) : Buffer.buffer();
    }

    private static JsonObject facts(InetSocketAddress source, InetSocketAddress local) {
        return new JsonObject()
                .put("transport", "udp")
                .put("remote", SocketFacts.text(source))
                .put("local", SocketFacts.text(local));
    }
}
