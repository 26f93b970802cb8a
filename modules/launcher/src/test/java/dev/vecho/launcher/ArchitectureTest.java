package dev.vecho.launcher;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows point inward: launcher to server and client, transports to net, all of them to core, and no other way. */
class ArchitectureTest {

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.vecho");
    }

    @Test
    void seesAllModules() {
        for (String module : new String[] {
            "core",
            "core.config",
            "net",
            "net.service",
            "selfsigned",
            "services",
            "faults",
            "transport.tcp",
            "transport.udp",
            "transport.http",
            "transport.quic",
            "transport.eventbus",
            "transport.stamp",
            "server",
            "management",
            "monitor",
            "client",
            "report",
            "load",
            "launcher",
            "testkit"
        }) {
            assertThat(classes.stream().anyMatch(type -> type.getPackageName().equals("dev.vecho." + module)))
                    .as(module)
                    .isTrue();
        }
    }

    @Test
    void arrowsPointInward() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.vecho..")
                .layer("core")
                .definedBy("dev.vecho.core..")
                .layer("net")
                .definedBy("dev.vecho.net..")
                .layer("selfsigned")
                .definedBy("dev.vecho.selfsigned..")
                .layer("services")
                .definedBy("dev.vecho.services..")
                .layer("faults")
                .definedBy("dev.vecho.faults..")
                .layer("transports")
                .definedBy("dev.vecho.transport..")
                .layer("server")
                .definedBy("dev.vecho.server..")
                .layer("management")
                .definedBy("dev.vecho.management..")
                .layer("monitor")
                .definedBy("dev.vecho.monitor..")
                .layer("client")
                .definedBy("dev.vecho.client..")
                .layer("report")
                .definedBy("dev.vecho.report..")
                .layer("load")
                .definedBy("dev.vecho.load..")
                .layer("launcher")
                .definedBy("dev.vecho.launcher..")
                .layer("testkit")
                .definedBy("dev.vecho.testkit..")
                .whereLayer("launcher")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("testkit")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("transports")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("server")
                .mayOnlyBeAccessedByLayers("management", "monitor", "launcher")
                .whereLayer("monitor")
                .mayOnlyBeAccessedByLayers("management", "launcher")
                .whereLayer("management")
                .mayOnlyBeAccessedByLayers("launcher")
                .whereLayer("client")
                .mayOnlyBeAccessedByLayers("report", "monitor", "management", "launcher")
                .whereLayer("report")
                .mayOnlyBeAccessedByLayers("management", "launcher")
                .whereLayer("load")
                .mayOnlyBeAccessedByLayers("launcher")
                .whereLayer("selfsigned")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("services")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("faults")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("net")
                .mayOnlyBeAccessedByLayers(
                        "selfsigned", "transports", "server", "monitor", "management", "launcher", "testkit")
                .whereLayer("core")
                .mayOnlyBeAccessedByLayers(
                        "net",
                        "selfsigned",
                        "services",
                        "faults",
                        "transports",
                        "server",
                        "management",
                        "monitor",
                        "client",
                        "report",
                        "load",
                        "launcher",
                        "testkit")
                .check(classes);
    }

    /**
     * HTTP/3 is HTTP on streams of QUIC, and STAMP is packets in datagrams of UDP: with a listener, limits and a drain of their own they
     * would repeat that transport.
     */
    @Test
    void transportsDoNotKnowEachOther() {
        slices().matching("dev.vecho.transport.(*)..")
                .should()
                .notDependOnEachOther()
                .ignoreDependency(
                        resideInAPackage("dev.vecho.transport.http.."), resideInAPackage("dev.vecho.transport.quic.."))
                .ignoreDependency(
                        resideInAPackage("dev.vecho.transport.stamp.."), resideInAPackage("dev.vecho.transport.udp.."))
                .check(classes);
    }

    /** The event bus brings its own addresses and carries messages of Vert.x: nothing that sockets share is of use to it. */
    @Test
    void theEventBusNeedsTheSpiAlone() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("dev.vecho.transport.eventbus..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.vecho.net..")
                .check(classes);
    }

    @Test
    void outsidersSeeThePublicFaceOfTheClient() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideOutsideOfPackage("dev.vecho.client..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.vecho.client.play..", "dev.vecho.client.verify..")
                .check(classes);
    }

    /** Of the client's packages, each may use those that stand before it. */
    @Test
    void theClientIsBuiltInLayers() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.vecho.client..")
                .layer("report")
                .definedBy("dev.vecho.client.report")
                .layer("script")
                .definedBy("dev.vecho.client.script")
                .layer("verify")
                .definedBy("dev.vecho.client.verify")
                .layer("play")
                .definedBy("dev.vecho.client.play")
                .layer("face")
                .definedBy("dev.vecho.client")
                .whereLayer("face")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("play")
                .mayOnlyBeAccessedByLayers("face")
                .whereLayer("verify")
                .mayOnlyBeAccessedByLayers("play", "face")
                .whereLayer("script")
                .mayOnlyBeAccessedByLayers("verify", "play", "face")
                .check(classes);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.vecho.(**)").should().beFreeOfCycles().check(classes);
    }

    @Test
    void nothingBlocksOutsideTheLauncherAndTheTests() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideOutsideOfPackages("dev.vecho.launcher..", "dev.vecho.testkit..")
                .should()
                .callMethod(io.vertx.core.Future.class, "await")
                .check(classes);
    }

    /**
     * What Vert.x and Netty do not promise is used in few places, so that one knows where to look when a version changes. Io
     * extends a class of Vert.x.
     */
    @Test
    void internalsAreFencedIn() {
        ArchRuleDefinition.noClasses()
                .that()
                .haveNameNotMatching("dev\\.vecho\\.(core\\.VertxInternals|net\\.NettyInternals|net\\.io\\.Io(\\$.*)?"
                        + "|transport\\.quic\\.QuicInternals|testkit\\..*)")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vertx..impl..", "io.vertx..internal..", "io.netty..internal..")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(io.netty.channel.Channel.Unsafe.class)
                .check(classes);
    }

    /** Made for tests, and with Bouncy Castle behind it: who embeds Vecho gets it only with the module that says so. */
    @Test
    void onlyOneModuleMakesCertificates() {
        ArchRuleDefinition.noClasses()
                .that()
                .resideOutsideOfPackages("dev.vecho.selfsigned..", "dev.vecho.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.pkitesting..", "org.bouncycastle..")
                .check(classes);
    }
}
