"""Signed terms in headings, as links to their definition."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from alignment.lexicon.queries import underline_for

register = template.Library()


@register.simple_block_tag(takes_context=True)
def define_terms(context: Any, content: str) -> SafeString:
    """Underline the terms of the lexicon in the headings of the content, for people who are signed in."""
    return underline_for(context.get("user"), content)
