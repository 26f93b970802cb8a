package dev.vecho.selfsigned;

import dev.vecho.core.config.Hosts;
import dev.vecho.net.tls.Identity;
import dev.vecho.net.tls.SelfSigned;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.NetUtil;
import java.time.Duration;
import java.time.Instant;

/** By Netty's builder of certificates, with a key on the curve P-256. */
public final class NettySelfSigned implements SelfSigned {

    private static final Duration VALIDITY = Duration.ofDays(30);

    @Override
    public Identity issue(String host) {
        try {
            CertificateBuilder builder = new CertificateBuilder()
                    .ecp256()
                    .subject("CN=Vecho self-signed")
                    .setIsCertificateAuthority(true)
                    .notBefore(Instant.now().minus(Duration.ofHours(1)))
                    .notAfter(Instant.now().plus(VALIDITY))
                    .addExtendedKeyUsageServerAuth()
                    .addSanDnsName("localhost")
                    .addSanIpAddress("127.0.0.1")
                    .addSanIpAddress("::1");
            String name = Hosts.peerName(host);
            if (!name.equals("localhost")) {
                if (NetUtil.createByteArrayFromIpAddressString(name) == null) {
                    builder.addSanDnsName(name);
                } else {
                    builder.addSanIpAddress(name);
                }
            }
            X509Bundle bundle = builder.buildSelfSigned();
            return new Identity(bundle.getKeyPair().getPrivate(), bundle.getCertificatePathList());
        } catch (Exception e) {
            throw new IllegalArgumentException("cannot make a certificate for " + host, e);
        }
    }
}
