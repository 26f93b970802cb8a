package dev.vecho.net.listen;

import dev.vecho.core.config.Options;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which addresses a listener serves.
 *
 * @param allow the blocks that it serves; all addresses where there are none; key {@code allow}
 * @param deny the blocks that it does not serve, whatever {@code allow} says; key {@code deny}
 */
public record AccessRules(List<AddressBlock> allow, List<AddressBlock> deny) {

    /** Everybody. */
    public static final AccessRules ALL = new AccessRules(List.of(), List.of());

    /** Copies the lists. */
    public AccessRules {
        allow = List.copyOf(allow);
        deny = List.copyOf(deny);
    }

    /** Reads them. */
    public static AccessRules read(Options options) {
        return new AccessRules(read(options, "allow"), read(options, "deny"));
    }

    private static List<AddressBlock> read(Options options, String key) {
        List<AddressBlock> blocks = new ArrayList<>();
        for (String text : options.texts(key, List.of())) {
            try {
                blocks.add(AddressBlock.parse(text.strip()));
            } catch (IllegalArgumentException wrong) {
                options.problem(key, "\"" + text + "\" " + wrong.getMessage());
            }
        }
        return blocks;
    }

    /** Whether an address is served; null for one that is not known, which is in no block. */
    public boolean permit(@Nullable InetAddress address) {
        if (allow.isEmpty() && deny.isEmpty()) {
            return true;
        }
        if (address == null) {
            return allow.isEmpty();
        }
        AddressBlock one = AddressBlock.of(address);
        return deny.stream().noneMatch(block -> block.contains(one))
                && (allow.isEmpty() || allow.stream().anyMatch(block -> block.contains(one)));
    }
}
