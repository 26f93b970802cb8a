module example.consumer {
    requires dev.vecho.client;
    requires dev.vecho.net;
    requires dev.vecho.server;
    requires io.vertx.core;
}
