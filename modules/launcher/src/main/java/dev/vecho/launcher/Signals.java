package dev.vecho.launcher;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Handlers for signals of the operating system. A shutdown hook does not do: it can neither set the exit code nor see a
 * second signal. The JDK's own class for it is not part of Java SE, and the compiler warns of it: hence by reflection.
 */
final class Signals {

    private static final String TERM = "TERM";
    private static final String INT = "INT";
    private static final String HUP = "HUP";

    /** For so long after the first signal another one is taken for the same. */
    private static final long SAME_NANOS = TimeUnit.SECONDS.toNanos(1);

    private Signals() {}

    /**
     * Ends a service in order on the first SIGTERM or SIGINT, and at once on a later one. SIGHUP, which comes also when the terminal
     * closes that the service was started from, reloads its configuration.
     *
     * @param stop counted down when the service is to end
     * @param reload called for each SIGHUP
     */
    static void handleService(CountDownLatch stop, Runnable reload) {
        handle(new Ending(stop), TERM, INT);
        handle(name -> reload.run(), HUP);
    }

    /** Ends a command in order, with what it has found by then, on the first SIGTERM, SIGINT or SIGHUP; at once on a later one. */
    static void stopCommand(CountDownLatch stop) {
        handle(new Ending(stop), TERM, INT, HUP);
    }

    /**
     * Ends a command. A signal that comes again at once is the same one: {@code timeout} and a shell send theirs to a command
     * and to its process group, of which it is a part.
     */
    private static final class Ending implements Consumer<String> {

        private final CountDownLatch stop;
        private boolean begun;
        private long first;

        Ending(CountDownLatch stop) {
            this.stop = stop;
        }

        @Override
        public synchronized void accept(String name) {
            long now = System.nanoTime();
            if (!begun) {
                begun = true;
                first = now;
                stop.countDown();
            } else if (now - first > SAME_NANOS) {
                Runtime.getRuntime().halt(128 + number(name));
            }
        }
    }

    private static int number(String name) {
        return switch (name) {
            case HUP -> 1;
            case INT -> 2;
            default -> 15;
        };
    }

    /**
     * Calls a handler, on a thread of its own, each time that one of the signals arrives.
     *
     * @param names such as {@code TERM} and {@code INT}; one that this system does not have is left alone
     */
    private static void handle(Consumer<String> handler, String... names) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> signalHandler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {signalHandler}, (self, method, args) -> {
                        if (method.getName().equals("handle")) {
                            handler.accept((String) signal.getMethod("getName").invoke(args[0]));
                            return null;
                        }
                        return method.getName().equals("equals")
                                ? self == args[0]
                                : (Object) System.identityHashCode(self);
                    });
            for (String name : names) {
                Object instance = signal.getConstructor(String.class).newInstance(name);
                signal.getMethod("handle", signal, signalHandler).invoke(null, instance, proxy);
            }
        } catch (InvocationTargetException e) {
            // This system has no such signal, or the JVM was told to leave it alone: then it has its default effect.
            return;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JDK has no sun.misc.Signal", e);
        }
    }
}
