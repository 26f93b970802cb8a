package dev.vecho.core;

/**
 * Why a connection, a stream or a message of a listener was not served to its end. They are few, and whoever serves connections
 * chooses among them, so that they can be counted and compared whatever the transport.
 */
public enum FailureReason {

    /** The client has broken it off: it reset the connection, or no longer wanted what was still to come. */
    RESET("reset by the client"),

    /** The client, or the network, did not answer any more. */
    UNREACHABLE("without an answer from the client"),

    /** Client and listener have no version of TLS in common. */
    TLS_PROTOCOL_VERSION("without a version of TLS in common"),

    /** They have no cipher suite, key exchange group or kind of signature in common. */
    TLS_NO_SHARED_CIPHER("without a cipher of TLS in common"),

    /** They have no application protocol (ALPN) in common. */
    TLS_NO_APPLICATION_PROTOCOL("without an application protocol in common"),

    /** The client does not know who signed the listener's certificate, it says. */
    TLS_UNKNOWN_CA("with a certificate whose signer the client does not know"),

    /** The client has refused the listener's certificate for another reason, such as its name or its age. */
    TLS_BAD_CERTIFICATE("with a certificate that the client refused"),

    /** The client has shown no certificate, and must. */
    TLS_CERTIFICATE_REQUIRED("without a client certificate"),

    /** The client's certificate was refused. */
    TLS_CLIENT_CERTIFICATE("with a client certificate that was refused"),

    /** The client has sent what is not TLS. */
    TLS_PLAIN_TEXT("in plain text where TLS was expected"),

    /** The handshake of TLS took too long. */
    TLS_TIMEOUT("for a handshake of TLS that took too long"),

    /** The handshake of TLS failed in another way, or what came after it was not TLS as agreed upon. */
    TLS_OTHER("in TLS"),

    /** The client has broken the rules of a protocol, other than TLS, or asked for more than it may. */
    INPUT("for what the client sent"),

    /** The client has ended its input, or something else, in the middle of a request. */
    UNFINISHED("with a request under way"),

    /** More of an echo waited for the client than may be kept, and for longer. */
    UNREAD("for a response that was not read"),

    /** No byte moved for the idle timeout, while echoes waited for the client or a request was under way. */
    IDLE("idle with echoes under way"),

    /** The listener was closed while echoes waited for the client or a request was under way. */
    DRAIN("cut by the drain"),

    /** An operator has closed it while echoes waited for the client or a request was under way. */
    OPERATOR("closed by an operator"),

    /** It was as old as it may be, and did not end in the time that it had for that. */
    LIFETIME("cut at the end of their lifetime"),

    /** A fault of its listener, which somebody has configured, has broken it off. */
    FAULT("broken by a configured fault"),

    /** What the listener passes connections on to was not there, or has broken one off. */
    UPSTREAM("broken by what is behind"),

    /** There was no memory for a buffer, neither here nor in the operating system. */
    MEMORY("for lack of memory"),

    /** Something else has failed here. */
    INTERNAL("for an internal error");

    private final String words;

    FailureReason(String words) {
        this.words = words;
    }

    /** Words that follow a number in a sentence: {@code 3 reset by the client}. They do not change, as programs may read them. */
    public String words() {
        return words;
    }
}
