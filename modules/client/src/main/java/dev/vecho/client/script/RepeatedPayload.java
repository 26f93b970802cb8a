package dev.vecho.client.script;

/** The same bytes again and again. */
record RepeatedPayload(Payload once, int count) implements Payload {

    @Override
    public long size() {
        return once.size() * count;
    }

    @Override
    public void copy(long position, byte[] into, int length) {
        byte[] part = new byte[(int) Math.min(length, once.size())];
        long at = position % Math.max(1, once.size());
        int done = 0;
        while (done < length) {
            int some = (int) Math.min(length - done, once.size() - at);
            once.copy(at, part, some);
            System.arraycopy(part, 0, into, done, some);
            done += some;
            at = 0;
        }
    }
}
