from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularAPIView):
    """The OpenAPI document, as YAML or (``?format=json``) as JSON. Public: it holds no secrets."""

    renderer_classes = [OpenApiYamlRenderer, OpenApiJsonRenderer]
    authentication_classes: list[type] = []


class DocumentationView(SpectacularSwaggerSplitView):
    """A page to read and try the API, without anything from the internet."""

    url_name = "api:schema"
    authentication_classes: list[type] = []
