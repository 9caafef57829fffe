"""How forms are drawn everywhere: with the templates of templates/components."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """`{{ form }}`, `{{ field.as_field_group }}` and `{{ field.errors }}` in the project's own look."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
