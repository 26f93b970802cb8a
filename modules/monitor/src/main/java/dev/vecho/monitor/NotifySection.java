package dev.vecho.monitor;

import dev.vecho.core.config.Options;
import dev.vecho.server.EchoService;
import dev.vecho.server.Section;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The section {@code notify}: who is told when the state of a check changes, by name. */
public final class NotifySection implements Section {

    @Override
    public String key() {
        return "notify";
    }

    @Override
    public Prepared read(Vertx vertx, Options options) {
        List<ReceiverOptions> receivers = new ArrayList<>();
        for (String name : options.keys().stream().sorted().toList()) {
            ReceiverOptions one = options.has(name) ? ReceiverOptions.read(options, name) : null;
            if (one != null) {
                receivers.add(one);
            }
        }
        return new Valid(vertx, List.copyOf(receivers));
    }

    private record Valid(Vertx vertx, List<ReceiverOptions> receivers) implements Prepared {

        @Override
        public Future<Section.Running> start(EchoService service) {
            Notifications notifications = new Notifications(vertx, () -> service.section(Monitor.class), Pace.USUAL);
            notifications.tell(receivers);
            return Future.succeededFuture(new RunningNotify(notifications));
        }
    }

    private record RunningNotify(Notifications notifications) implements Section.Running {

        @Override
        public List<String> notes() {
            int count = notifications.receivers().size();
            return List.of(count + (count == 1 ? " receiver" : " receivers"));
        }

        @Override
        public boolean adopt(Prepared next) {
            if (next instanceof Valid valid) {
                notifications.tell(valid.receivers());
                return true;
            }
            return false;
        }

        @Override
        public <T> Optional<T> face(Class<T> type) {
            return type.isInstance(notifications) ? Optional.of(type.cast(notifications)) : Optional.empty();
        }

        @Override
        public Future<Void> stop() {
            return notifications.close();
        }
    }
}
