"""Controls that Django has none for: several labelled boxes that make one answer.

Written without inline script or style, rendered from templates/forms/widgets/.
"""

from dataclasses import dataclass, field

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe


@dataclass(frozen=True)
class Part:
    """One box. `width` is a number of characters; `choices` make it a group of radios."""

    key: str
    label: str
    width: str = ""
    autocomplete: str = ""
    inputmode: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    radios: bool = False
    attrs: dict = field(default_factory=dict)


class PartsWidget(forms.Widget):
    """Several boxes of one answer; its value is a dict of texts by part.

    `suffix` names them `key_day`; otherwise `first-key`, so that the name still ends in the key.
    A part whose key is "" carries the plain name.
    """

    use_fieldset = True
    template_name = "forms/widgets/parts.html"

    def __init__(self, parts, *, suffix=False, layout="", attrs=None):
        super().__init__(attrs)
        self.parts = tuple(parts)
        self.suffix = suffix
        self.layout = layout

    def part_name(self, name, part):
        if not part.key:
            return name
        return f"{name}_{part.key}" if self.suffix else f"{part.key}-{name}"

    def id_for_label(self, id_, index=None):
        return f"{id_}_0" if id_ else ""

    def value_from_datadict(self, data, files, name):
        return {part.key: data.get(self.part_name(name, part), "").strip() for part in self.parts}

    def value_omitted_from_data(self, data, files, name):
        return all(self.part_name(name, part) not in data for part in self.parts)

    def get_context(self, name, value, attrs):
        context = super().get_context(name, None, attrs)
        values = value if isinstance(value, dict) else {}
        base = context["widget"]["attrs"].get("id", f"id_{name}")
        context["layout"] = self.layout
        context["invalid"] = context["widget"]["attrs"].get("aria-invalid")
        context["parts"] = [
            {
                "part": part,
                "name": self.part_name(name, part),
                "id": f"{base}_{index}",
                "value": values.get(part.key, "") or "",
            }
            for index, part in enumerate(self.parts)
        ]
        return context

    def render(self, name, value, attrs=None, renderer=None):
        html = render_to_string(self.template_name, self.get_context(name, value, attrs))
        return mark_safe(html)  # noqa: S308 - rendered by a template that escapes


class DateBoxes(PartsWidget):
    """Day, month and year."""

    def __init__(self, *, birthday=False, attrs=None):
        token = "bday-{}" if birthday else ""
        super().__init__(
            [
                Part("day", "Day", "2", token.format("day"), "numeric"),
                Part("month", "Month", "2", token.format("month")),
                Part("year", "Year", "4", token.format("year"), "numeric"),
            ],
            suffix=True,
            layout="date",
            attrs=attrs,
        )


class MatrixWidget(PartsWidget):
    """A group of radios for each row."""

    def __init__(self, rows, choices, attrs=None):
        super().__init__(
            [Part(key, label, choices=tuple(choices)) for key, label in rows], attrs=attrs
        )


class Files(forms.ClearableFileInput):
    """One or more files; what is already kept is listed beside the input, not in it."""

    template_name = "django/forms/widgets/file.html"
    allow_multiple_selected = True

    def value_from_datadict(self, data, files, name):
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name) or []

    def value_omitted_from_data(self, data, files, name):
        return name not in files


class Declaration(forms.CheckboxInput):
    """A tick; anything but "yes" or "on" is none."""

    def value_from_datadict(self, data, files, name):
        return data.get(name) in ("on", "yes", "true", "True", "1")
