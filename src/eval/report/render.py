"""Page → one HTML file that needs nothing else."""

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from dongsun.eval.report.blocks import Page

_TEMPLATE = "template.html.j2"


def render_page(page: Page) -> str:
    """Sets the page. Every value is escaped; the template holds the only markup.

    A content security policy in the page forbids every request, so that nothing in it can ever reach a network.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = files("dongsun.eval.report").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(source).render(page=page)
