package dev.vecho.transport.udp;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What the network interfaces of this machine have, at one moment.
 *
 * @param addresses those of interfaces that are up
 * @param broadcasts the addresses of IPv4 that mean everybody on a network
 */
record LocalNetworks(Set<InetAddress> addresses, Set<InetAddress> broadcasts) {

    /** Asks the operating system; blocks for less than a millisecond. */
    static LocalNetworks now() throws SocketException {
        Set<InetAddress> addresses = new LinkedHashSet<>();
        Set<InetAddress> broadcasts = new LinkedHashSet<>();
        for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
            if (each.isUp()) {
                for (InterfaceAddress address : each.getInterfaceAddresses()) {
                    addresses.add(address.getAddress());
                    addBroadcasts(broadcasts, address);
                }
            }
        }
        return new LocalNetworks(addresses, broadcasts);
    }

    /** A network's first address and its last, RFC 919, section 7; loopback's too, which has none according to Java. */
    private static void addBroadcasts(Set<InetAddress> broadcasts, InterfaceAddress address) {
        int prefix = address.getNetworkPrefixLength();
        if (address.getBroadcast() != null) {
            broadcasts.add(address.getBroadcast());
        }
        if (address.getAddress() instanceof Inet4Address ipv4 && prefix > 0 && prefix < 31) {
            int number = toInt(ipv4.getAddress());
            int hosts = -1 >>> prefix;
            broadcasts.add(ofInt(number & ~hosts));
            broadcasts.add(ofInt(number | hosts));
        }
    }

    private static int toInt(byte[] bytes) {
        return java.nio.ByteBuffer.wrap(bytes).getInt();
    }

    private static InetAddress ofInt(int number) {
        try {
            return InetAddress.getByAddress(
                    java.nio.ByteBuffer.allocate(4).putInt(number).array());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    /** Whether an address is that of one host, and not of many or of none. */
    boolean oneHost(InetAddress address) {
        return !address.isMulticastAddress()
                && !address.isAnyLocalAddress()
                && !broadcasts.contains(address)
                && !(address instanceof Inet4Address && toInt(address.getAddress()) == -1);
    }
}
