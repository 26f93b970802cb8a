package dev.vecho.client.script;

/** Random bytes that are chosen when a round begins. */
record VariedPayload(long size) implements Payload {

    VariedPayload {
        RandomPayload.checkSize(size);
    }

    @Override
    public void copy(long position, byte[] into, int length) {
        throw new UnsupportedOperationException("these bytes are chosen when a round begins");
    }

    @Override
    public Payload seeded(long seed) {
        return Payload.random(size, seed);
    }
}
