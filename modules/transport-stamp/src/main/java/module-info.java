/** STAMP, the packets of which are datagrams of UDP. */
module dev.vecho.transport.stamp {
    requires dev.vecho.transport.udp;

    provides dev.vecho.core.Transport with
            dev.vecho.transport.stamp.StampTransport;
}
