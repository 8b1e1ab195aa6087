"""`{% csrf_token %}` draws a key for the form besides, by which `team.submissions` knows a form that comes twice."""

import re
from secrets import token_urlsafe

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
FIELD = "form_key"
KEY = re.compile(r"[\w-]{20,64}", re.ASCII)


def is_key(text: str) -> bool:
    return bool(KEY.fullmatch(text))


class FormKeyNode(CsrfTokenNode):
    def render(self, context: Context) -> SafeString:
        token = super().render(context)
        if not token:
            return SafeString("")
        return format_html("{}{}", token, form_key())


@register.simple_tag
def form_key() -> SafeString:
    """Draw the key alone, for a form that needs no protection against forgery."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, token_urlsafe(16))


@register.tag("csrf_token")
def csrf_token(parser: Parser, token: Token) -> FormKeyNode:
    return FormKeyNode()
