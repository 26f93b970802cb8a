/**
 * The management listener: a section of the service's configuration, an {@link io.vertx.core.http.HttpServer} of its own. Its face to
 * the rest of Vecho is {@link dev.vecho.management.ManagementSection}, which {@link java.util.ServiceLoader} finds.
 */
@NullMarked
package dev.vecho.management;

import org.jspecify.annotations.NullMarked;
