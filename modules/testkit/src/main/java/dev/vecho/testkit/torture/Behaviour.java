package dev.vecho.testkit.torture;

/** A kind of client. */
interface Behaviour {

    /** Short, for messages and to choose it by; starts with the name of the listener that it connects to. */
    String name();

    /**
     * Plays once: connects, sends, verifies, ends. All that is left to chance comes from the play's random numbers, in an order
     * that does not depend on what happens meanwhile, so that a seed repeats it.
     *
     * @throws WrongBytes where the service has broken its promise
     * @throws Exception where a connection breaks that nobody has broken
     */
    void play(Play play) throws Exception;

    /** Makes one of a name and what it does. */
    static Behaviour of(String name, Playing playing) {
        return new Behaviour() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public void play(Play play) throws Exception {
                playing.play(play);
            }
        };
    }

    /** What a behaviour does. */
    interface Playing {
        void play(Play play) throws Exception;
    }
}
