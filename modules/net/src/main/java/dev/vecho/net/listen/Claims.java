package dev.vecho.net.listen;

import io.vertx.core.Vertx;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which listener has an address: Vert.x would let two listeners of one address share its socket, each with its own options, where
 * an error is wanted. A listener that is about to leave its addresses lets others have them, so that there is no moment in which
 * nobody listens there.
 */
final class Claims {

    private Claims() {}

    /** Those who have an address; all but the last are about to leave it. */
    private record Owners(List<AddressOwner> owners) implements Shareable {}

    /** Claims an address; returns false where somebody else has it and stays. */
    static boolean claim(Vertx vertx, String address, AddressOwner owner) {
        LocalMap<String, Owners> all = all(vertx);
        Owners now = all.compute(address, (same, before) -> {
            List<AddressOwner> owners = before == null ? List.of() : before.owners();
            return owners.stream().allMatch(AddressOwner::leaves) ? new Owners(with(owners, owner)) : before;
        });
        if (now == null || !now.owners().contains(owner)) {
            return false;
        }
        if (now.owners().size() > 1) {
            owner.inherited();
        }
        return true;
    }

    /** Gives it up. */
    static void release(Vertx vertx, String address, AddressOwner owner) {
        all(vertx).computeIfPresent(address, (same, before) -> {
            List<AddressOwner> left =
                    before.owners().stream().filter(each -> each != owner).toList();
            return left.isEmpty() ? null : new Owners(left);
        });
    }

    private static List<AddressOwner> with(List<AddressOwner> owners, AddressOwner another) {
        return Stream.concat(owners.stream(), Stream.of(another)).toList();
    }

    /** The addresses of all net servers, whatever their transport. */
    private static LocalMap<String, Owners> all(Vertx vertx) {
        return vertx.sharedData().getLocalMap(NetServers.class.getName());
    }
}
