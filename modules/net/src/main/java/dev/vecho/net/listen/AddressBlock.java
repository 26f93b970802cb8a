package dev.vecho.net.listen;

import dev.vecho.core.config.Hosts;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A block of addresses of one family, in the notation of CIDR: {@code 10.0.0.0/8}, {@code 2001:db8::/32}. A single address is a block,
 * too. Addresses of IPv4 that are mapped into IPv6 count as IPv4.
 *
 * @param ipv6 the family
 * @param high the first 64 bits of the first address of IPv6; 0 for IPv4
 * @param low its other bits; for IPv4 all of them
 * @param prefix how many of its bits the addresses of the block have in common
 */
public record AddressBlock(boolean ipv6, long high, long low, int prefix) {

    private static final Pattern BLOCK = Pattern.compile("([^/]*)(?:/(0|[1-9][0-9]{0,2}))?");
    private static final int IPV4_BITS = 32;
    private static final int IPV6_BITS = 128;
    private static final int MAPPED_BITS = 96;
    private static final int ADDRESS_BYTES = 16;

    /** The two bytes before an address of IPv4 that is mapped into IPv6: RFC 4291, section 2.5.5.2. */
    private static final long MAPPED = 0xffffL << IPV4_BITS;

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException whose message goes on from the text in quotation marks
     */
    public static AddressBlock parse(String text) {
        if (text.indexOf('%') >= 0) {
            throw new IllegalArgumentException("has a zone, which has no meaning here");
        }
        Matcher parts = BLOCK.matcher(text);
        if (!parts.matches()) {
            throw noBlock();
        }
        String host = parts.group(1);
        if (!Hosts.isAddress(host) || host.startsWith("[")) {
            throw noBlock();
        }
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(host);
        if (bytes == null) {
            throw noBlock();
        }
        boolean written6 = bytes.length == ADDRESS_BYTES;
        int bits = written6 ? IPV6_BITS : IPV4_BITS;
        int prefix = parts.group(2) == null ? bits : Integer.parseInt(parts.group(2));
        if (prefix > bits) {
            throw new IllegalArgumentException("has a prefix beyond " + bits + " bits");
        }
        AddressBlock address = of(bytes);
        if (written6 && !address.ipv6 && prefix < MAPPED_BITS) {
            throw new IllegalArgumentException("is partly mapped IPv4, write the blocks of IPv4 as such");
        }
        AddressBlock block = address.cut(written6 && !address.ipv6 ? prefix - MAPPED_BITS : prefix);
        if (block.high != address.high || block.low != address.low) {
            throw new IllegalArgumentException("has bits beyond its prefix; the block is " + block);
        }
        return block;
    }

    private static IllegalArgumentException noBlock() {
        return new IllegalArgumentException("is neither an address nor a block such as 10.0.0.0/8 or 2001:db8::/32");
    }

    /** The block of a single address. */
    public static AddressBlock of(InetAddress address) {
        return of(address.getAddress());
    }

    private static AddressBlock of(byte[] bytes) {
        ByteBuffer number = ByteBuffer.wrap(bytes);
        if (bytes.length != ADDRESS_BYTES) {
            return new AddressBlock(false, 0, Integer.toUnsignedLong(number.getInt()), IPV4_BITS);
        }
        long high = number.getLong();
        long low = number.getLong();
        return high == 0 && (low & -1L << IPV4_BITS) == MAPPED
                ? new AddressBlock(false, 0, low & 0xffff_ffffL, IPV4_BITS)
                : new AddressBlock(true, high, low, IPV6_BITS);
    }

    /** The block of so many leading bits that this one is in. */
    AddressBlock cut(int bits) {
        if (!ipv6) {
            return new AddressBlock(false, 0, low & mask(bits + IPV4_BITS), bits);
        }
        return new AddressBlock(true, high & mask(bits), low & mask(bits - Long.SIZE), bits);
    }

    /** The leading bits of 64. */
    private static long mask(int bits) {
        return bits <= 0 ? 0 : bits >= Long.SIZE ? -1 : -1L << (Long.SIZE - bits);
    }

    /** Whether another block, or a single address, is in this one. */
    public boolean contains(AddressBlock other) {
        return ipv6 == other.ipv6 && prefix <= other.prefix && equals(other.cut(prefix));
    }

    @Override
    public String toString() {
        ByteBuffer bytes = ipv6
                ? ByteBuffer.allocate(ADDRESS_BYTES).putLong(high).putLong(low)
                : ByteBuffer.allocate(Integer.BYTES).putInt((int) low);
        String address = NetUtil.bytesToIpAddress(bytes.array());
        return address + "/" + prefix;
    }
}
