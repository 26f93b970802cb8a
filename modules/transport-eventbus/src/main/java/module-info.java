/** The Vert.x event bus. */
module dev.vecho.transport.eventbus {
    requires dev.vecho.core;
    requires org.slf4j;

    provides dev.vecho.core.Transport with
            dev.vecho.transport.eventbus.EventBusTransport;
}
