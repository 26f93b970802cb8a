package dev.vecho.core;

import java.util.Map;
import java.util.Set;

/** Where Vecho's own transports are, for an application that has not all of them on its class path. */
final class Artifacts {

    private static final String TCP = "vecho-transport-tcp";
    private static final String UDP = "vecho-transport-udp";
    private static final String STAMP = "vecho-transport-stamp";
    private static final String HTTP = "vecho-transport-http";
    private static final String QUIC = "vecho-transport-quic";
    private static final String EVENTBUS = "vecho-transport-eventbus";

    /** By the names and the schemes of the transports. */
    private static final Map<String, String> ALL = Map.ofEntries(
            Map.entry("tcp", TCP),
            Map.entry("tls", TCP),
            Map.entry("unix", TCP),
            Map.entry("udp", UDP),
            Map.entry("stamp", STAMP),
            Map.entry("http", HTTP),
            Map.entry("https", HTTP),
            Map.entry("h3", HTTP),
            Map.entry("grpc", HTTP),
            Map.entry("grpcs", HTTP),
            Map.entry("websocket", HTTP),
            Map.entry("ws", HTTP),
            Map.entry("wss", HTTP),
            Map.entry("quic", QUIC),
            Map.entry("eventbus", EVENTBUS),
            Map.entry("bus", EVENTBUS));

    /** Vecho's own services beside the echo. */
    private static final Set<String> SERVICES = Set.of("chargen", "daytime", "discard", "framed", "time", "whoami");

    private Artifacts() {}

    /** What to say after a service's name that nothing on the class path has; empty where nobody knows. */
    static String missingService(String name) {
        return SERVICES.contains(name) ? ": add the artifact dev.vecho:vecho-services to the class path" : "";
    }

    /** What to say after a transport's name or scheme that nothing on the class path has; empty where nobody knows. */
    static String missing(String nameOrScheme) {
        String artifact = ALL.get(nameOrScheme);
        return artifact == null ? "" : ": add the artifact dev.vecho:" + artifact + " to the class path";
    }
}
