package dev.vecho.transport.http;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The standard health service of gRPC, {@code grpc.health.v1.Health}: {@code Check} answers once, {@code Watch} at once and with each
 * change. The listener as a whole, which has no name, and this service are known. A listener that leaves is not serving, and its watchers
 * are told so before their calls end.
 *
 * @see <a href="https://github.com/grpc/grpc/blob/master/doc/health-checking.md">GRPC Health Checking Protocol</a>
 */
final class GrpcHealth implements GrpcCall.Method {

    private static final String SERVICE = "grpc.health.v1.Health";
    private static final String CHECK = "/" + SERVICE + "/Check";
    private static final String WATCH = "/" + SERVICE + "/Watch";
    private static final Set<String> KNOWN = Set.of("", SERVICE);

    /** The only field of a request: the name of a service. */
    private static final int NAME_FIELD = 1;

    /** The only field of an answer, and its values. */
    private static final int STATUS_FIELD = 1;

    /** Longer names nobody has. */
    private static final int MAX_REQUEST_BYTES = 64 * 1024;

    private static final int SERVING = 1;
    private static final int NOT_SERVING = 2;
    private static final int SERVICE_UNKNOWN = 3;

    private final HttpCarrier carrier;
    private final boolean watches;
    private @Nullable String asked;
    private int told;

    private GrpcHealth(HttpCarrier carrier, boolean watches) {
        this.carrier = carrier;
        this.watches = watches;
    }

    /** What answers calls of this service; null for calls of others. */
    static GrpcCall.@Nullable Method of(String path, HttpCarrier carrier) {
        if (path.equals(CHECK) || path.equals(WATCH)) {
            return new GrpcHealth(carrier, path.equals(WATCH));
        }
        return path.startsWith("/" + SERVICE + "/") ? new Unknown() : null;
    }

    /** A method that the service does not have. */
    private static final class Unknown implements GrpcCall.Method {

        @Override
        public int maxMessageBytes() {
            return MAX_REQUEST_BYTES;
        }

        @Override
        public void message(GrpcCall call, Buffer message) throws GrpcException {
            throw unknown();
        }

        @Override
        public void ended(GrpcCall call) throws GrpcException {
            throw unknown();
        }

        private static GrpcException unknown() {
            return new GrpcException(GrpcStatus.UNIMPLEMENTED, SERVICE + " has Check and Watch");
        }
    }

    @Override
    public int maxMessageBytes() {
        return MAX_REQUEST_BYTES;
    }

    @Override
    public void message(GrpcCall call, Buffer message) throws GrpcException {
        if (asked != null) {
            throw new GrpcException(GrpcStatus.INTERNAL, "a second message, where one is asked for");
        }
        try {
            asked = name(message);
        } catch (IOException e) {
            throw new GrpcException(GrpcStatus.INTERNAL, "a message that is no HealthCheckRequest");
        }
    }

    private static String name(Buffer request) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(request.getBytes());
        String name = "";
        int tag;
        while ((tag = in.readTag()) != 0) {
            if (tag == (NAME_FIELD << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED)) {
                name = in.readStringRequireUtf8();
            } else if (!in.skipField(tag)) {
                throw new IOException("the end of a group that has not begun");
            }
        }
        return name;
    }

    @Override
    public void ended(GrpcCall call) throws GrpcException {
        String name = asked;
        if (name == null) {
            throw new GrpcException(GrpcStatus.INTERNAL, "no message, where one is asked for");
        }
        if (!watches && !KNOWN.contains(name)) {
            throw new GrpcException(GrpcStatus.NOT_FOUND, "nobody here knows a service of this name");
        }
        told = status(name);
        call.send(answer(told));
        if (!watches) {
            call.end(GrpcStatus.OK, null);
        } else if (carrier.draining()) {
            leave(call);
        }
    }

    private int status(String name) {
        return !KNOWN.contains(name) ? SERVICE_UNKNOWN : carrier.leaving() ? NOT_SERVING : SERVING;
    }

    private static Buffer answer(int status) {
        byte[] bytes = new byte[CodedOutputStream.computeEnumSize(STATUS_FIELD, status)];
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            out.writeEnum(STATUS_FIELD, status);
        } catch (IOException e) {
            throw new IllegalStateException("there is room for it", e);
        }
        return Buffer.buffer(bytes);
    }

    @Override
    public void leaving(GrpcCall call) {
        if (!isEndless()) {
            return;
        }
        if (told == SERVING) {
            told = NOT_SERVING;
            call.send(answer(told));
        }
        if (carrier.draining()) {
            leave(call);
        }
    }

    private static void leave(GrpcCall call) {
        call.end(GrpcStatus.UNAVAILABLE, "the listener drains");
    }

    @Override
    public boolean isEndless() {
        return watches && told != 0;
    }
}
