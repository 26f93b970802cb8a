package dev.vecho.net.listen;

import dev.vecho.core.ServerTransport;

/** A listener on {@link NetServers}: one may take the address of another, of whatever transport, without a gap. */
public interface OnNetServers extends ServerTransport {

    /** Who has its addresses. */
    AddressOwner owner();

    @Override
    default void replaces(ServerTransport before) {
        if (before instanceof OnNetServers other && other.address().equals(address())) {
            owner().takeAddresses(other.owner());
        }
    }

    @Override
    default void leaves(boolean soon) {
        owner().leaves(soon);
    }
}
