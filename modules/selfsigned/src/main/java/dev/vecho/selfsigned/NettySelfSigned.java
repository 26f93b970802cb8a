package dev.vecho.selfsigned;

import dev.vecho.core.Faults.Certificate;
import dev.vecho.core.config.Hosts;
import dev.vecho.net.tls.Identity;
import dev.vecho.net.tls.SelfSigned;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.NetUtil;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** By Netty's builder of certificates, with a key on the curve P-256. */
public final class NettySelfSigned implements SelfSigned {

    private static final Duration VALIDITY = Duration.ofDays(30);

    @Override
    public Identity issue(String host) {
        Instant now = Instant.now();
        CertificateBuilder builder =
                builder(now.minus(Duration.ofHours(1)), now.plus(VALIDITY)).subject("CN=Vecho self-signed");
        return issue(host, forLoopback(builder), null);
    }

    @Override
    public Identity issue(String host, Certificate wrong, @Nullable Identity issuer) {
        Instant now = Instant.now();
        Instant end = wrong == Certificate.EXPIRED ? now.minus(Duration.ofDays(1)) : now.plus(VALIDITY);
        CertificateBuilder builder = builder(now.minus(VALIDITY), end)
                .subject("CN=Vecho " + wrong.name().toLowerCase(Locale.ROOT).replace('_', '-') + " on purpose");
        return wrong == Certificate.WRONG_NAME
                ? issue("wrong-name.invalid", builder, issuer)
                : issue(host, forLoopback(builder), wrong == Certificate.SELF_SIGNED ? null : issuer);
    }

    private static CertificateBuilder builder(Instant begin, Instant end) {
        return new CertificateBuilder().ecp256().notBefore(begin).notAfter(end).addExtendedKeyUsageServerAuth();
    }

    private static CertificateBuilder forLoopback(CertificateBuilder builder) {
        return builder.addSanDnsName("localhost").addSanIpAddress("127.0.0.1").addSanIpAddress("::1");
    }

    private static Identity issue(String host, CertificateBuilder builder, @Nullable Identity issuer) {
        try {
            String name = Hosts.peerName(host);
            if (!name.equals("localhost")) {
                if (NetUtil.createByteArrayFromIpAddressString(name) == null) {
                    builder.addSanDnsName(name);
                } else {
                    builder.addSanIpAddress(name);
                }
            }
            if (issuer == null) {
                return identity(builder.setIsCertificateAuthority(true).buildSelfSigned());
            }
            X509Certificate[] chain = issuer.chain().toArray(X509Certificate[]::new);
            KeyPair keys = new KeyPair(chain[0].getPublicKey(), issuer.key());
            return identity(
                    builder.buildIssuedBy(X509Bundle.fromCertificatePath(chain, chain[chain.length - 1], keys)));
        } catch (Exception e) {
            throw new IllegalArgumentException("cannot make a certificate for " + host, e);
        }
    }

    private static Identity identity(X509Bundle bundle) {
        return new Identity(bundle.getKeyPair().getPrivate(), bundle.getCertificatePathList());
    }
}
