"""Every form there is, a file for each kind of case."""

from service.formbook import care, children, families, mothers, units
from service.formbook.form import Form

__all__ = ["FORMS", "Form"]

FORMS = {form.tag: form for form in (*children.FORMS, *mothers.FORMS, *care.FORMS, *families.FORMS, *units.FORMS)}
