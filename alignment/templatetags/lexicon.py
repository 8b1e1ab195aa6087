"""Signed terms in headings, as links to their definition."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from alignment.lexicon.queries import signed_definitions
from alignment.lexicon.underline import underline_terms

register = template.Library()


@register.simple_block_tag(takes_context=True)
def define_terms(context: Any, content: str) -> SafeString:
    """Underline the terms of the lexicon in the headings of the content, for people who are signed in."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return SafeString(content)
    return underline_terms(content, signed_definitions())
