package dev.vecho.junit5;

import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** What {@link Echo} does. */
final class EchoExtension implements ParameterResolver {

    private static final Namespace NAMESPACE = Namespace.create(EchoExtension.class);

    /** Where a class that has the annotation has its server. */
    private record ClassServer(ExtensionContext context, Echo echo) {}

    EchoExtension() {}

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        boolean annotated = parameter.isAnnotated(Echo.class);
        boolean address = parameter.getParameter().getType() == EchoAddress.class;
        if (annotated && !address) {
            throw new ParameterResolutionException("@Echo: the parameter must be an EchoAddress, was "
                    + parameter.getParameter().getType().getName());
        }
        return address && (annotated || ofClass(context).isPresent());
    }

    @Override
    public EchoAddress resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Optional<Echo> own = parameter.findAnnotation(Echo.class);
        if (own.isPresent()) {
            // A parameter of its own, a server of its own.
            return server(context, parameter, own.get());
        }
        ClassServer shared = ofClass(context).orElseThrow();
        return server(shared.context(), EchoServer.class, shared.echo());
    }

    private static EchoAddress server(ExtensionContext context, Object key, Echo echo) {
        return context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(key, first -> EchoServer.start(echo), EchoServer.class)
                .address();
    }

    /** The nearest class around a test that has the annotation. */
    private static Optional<ClassServer> ofClass(ExtensionContext context) {
        for (Optional<ExtensionContext> at = Optional.of(context);
                at.isPresent();
                at = at.get().getParent()) {
            ExtensionContext here = at.get();
            Optional<Echo> echo = here.getElement()
                    .filter(element -> element instanceof Class<?>)
                    .flatMap(element -> AnnotationSupport.findAnnotation(element, Echo.class));
            if (echo.isPresent()) {
                return Optional.of(new ClassServer(here, echo.get()));
            }
        }
        return Optional.empty();
    }
}
