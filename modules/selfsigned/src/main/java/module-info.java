/** Makes the certificate of {@code "selfSigned": true}. */
module dev.vecho.selfsigned {
    requires dev.vecho.net;
    requires io.netty.pkitesting;

    provides dev.vecho.net.tls.SelfSigned with
            dev.vecho.selfsigned.NettySelfSigned;
}
