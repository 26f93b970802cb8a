package dev.vecho.client.script;

/** Bytes held in memory. */
final class LiteralPayload implements Payload {

    private final byte[] bytes;

    LiteralPayload(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public void copy(long position, byte[] into, int length) {
        System.arraycopy(bytes, Math.toIntExact(position), into, 0, length);
    }
}
