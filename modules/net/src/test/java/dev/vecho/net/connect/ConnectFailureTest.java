package dev.vecho.net.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vecho.core.TransportException;
import dev.vecho.core.TransportException.Fault;
import java.io.IOException;
import java.net.NoRouteToHostException;
import java.nio.channels.UnsupportedAddressTypeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ConnectFailureTest {

    /** What Linux, macOS, the JDK and Netty's natives say. */
    @ParameterizedTest
    @CsvSource({
        "Connection refused, REFUSED",
        "finishConnect(..) failed with error(-111): Connection refused, REFUSED",
        "No route to host, UNREACHABLE",
        "Network is unreachable, UNREACHABLE",
        "connect(..) failed with error(-101): Network is unreachable, UNREACHABLE",
        "Host is down, UNREACHABLE",
        "Machine is not on the network, UNREACHABLE",
        "finishConnect(..) failed with error(-92): Protocol not available, UNREACHABLE",
        "Protocol error, UNREACHABLE",
        "Operation not supported, UNREACHABLE",
        "Permission denied, UNREACHABLE",
        "Operation not permitted, UNREACHABLE",
        "Address family not supported by protocol, UNREACHABLE",
        "Protocol family unavailable, UNREACHABLE",
        "Connection timed out, TIMEOUT",
        "Operation timed out, TIMEOUT",
        "Cannot assign requested address, LOCAL",
        "Too many open files, LOCAL",
        "Too many open files in system, LOCAL",
        "No buffer space available, LOCAL"
    })
    void knowsWhatSystemsSay(String words, Fault fault) {
        assertThat(ConnectFailure.of(new IOException(words)).fault()).isEqualTo(fault);
        assertThat(ConnectFailure.of(new IOException(new IOException(words))).fault())
                .isEqualTo(fault);
    }

    @Test
    void hasNoWayToAnAddressOfAFamilyThatIsNotThere() {
        assertThat(ConnectFailure.of(new UnsupportedAddressTypeException()).fault())
                .isEqualTo(Fault.UNREACHABLE);
    }

    /** As Netty's native transports tell it. */
    @Test
    void hasWordsForAnExceptionWithout() {
        assertThat(ConnectFailure.of(new NoRouteToHostException()).at("192.0.2.1:7"))
                .hasMessage("192.0.2.1:7 cannot be reached: no route to host");
    }

    @Test
    void repeatsTheSystemsWordsForWhatThisMachineLacks() {
        TransportException failure =
                ConnectFailure.of(new IOException("Too many open files")).at("127.0.0.1:7007");
        assertThat(failure).hasMessage("cannot connect to 127.0.0.1:7007: too many open files");
    }
}
