/** What a listener does beside the echo. */
module dev.vecho.services {
    requires dev.vecho.core;
    requires org.slf4j;

    provides dev.vecho.core.Service with
            dev.vecho.services.ChargenService,
            dev.vecho.services.DaytimeService,
            dev.vecho.services.DiscardService,
            dev.vecho.services.FramedService,
            dev.vecho.services.ProxyService,
            dev.vecho.services.TimeService,
            dev.vecho.services.WhoamiService;
}
