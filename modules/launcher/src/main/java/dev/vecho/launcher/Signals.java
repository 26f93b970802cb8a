package dev.vecho.launcher;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * Handlers for signals of the operating system. A shutdown hook does not do: it can neither set the exit code nor see a
 * second signal. The JDK's own class for it is not part of Java SE, and the compiler warns of it: hence by reflection.
 */
final class Signals {

    private Signals() {}

    /** Counts down when the first SIGTERM or SIGINT arrives; the second one ends the process at once. */
    static void stopOrHalt(CountDownLatch stop) {
        handle(
                name -> {
                    if (stop.getCount() == 0) {
                        Runtime.getRuntime().halt(128 + (name.equals("INT") ? 2 : 15));
                    }
                    stop.countDown();
                },
                "TERM",
                "INT");
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
