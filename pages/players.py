"""Films of other sites that can be played on a page: which sites, and from what address.

Nothing is asked of them before a visitor asks for it. The addresses are those at which these sites
say that they remember least; no other address may stand in a frame of ours.
"""

import re
from typing import NamedTuple

from django.http import HttpResponse
from wagtail.models import Page


class Player(NamedTuple):
    """The host that is asked once somebody wants the film, and the address of its player."""

    host: str
    address: str


YOUTUBE = re.compile(
    r"https?://(?:(?:www\.|m\.)?youtube(?:-nocookie)?\.com/"
    r"(?:watch\?(?:[^#]*&)?v=|embed/|live/|shorts/)|youtu\.be/)(?P<film>[\w-]{11})(?:[/?&#].*)?",
    re.ASCII,
)
VIMEO = re.compile(
    r"https?://(?:www\.)?(?:player\.)?vimeo\.com/(?:video/)?(?P<film>\d{1,15})"
    r"(?:/(?P<key>[0-9a-f]{1,40}))?/?(?:[?#].*)?",
    re.ASCII,
)


def player_of(address: str) -> Player | None:
    """How a film is played here, or None for a site whose films are only linked to."""
    if found := YOUTUBE.fullmatch(address):
        host = "www.youtube-nocookie.com"
        return Player(host, f"https://{host}/embed/{found['film']}?autoplay=1&rel=0")
    if found := VIMEO.fullmatch(address):
        host = "player.vimeo.com"
        key = f"&h={found['key']}" if found["key"] else ""
        return Player(host, f"https://{host}/video/{found['film']}?autoplay=1&dnt=1{key}")
    return None


def allow_players(page: Page, response: HttpResponse) -> HttpResponse:
    """Let the page hold a frame of the hosts whose films it shows, and of no other."""
    films = (block.value for block in getattr(page, "body", ()) if block.block_type == "video")
    players = (player_of(film["address"]) for film in films)
    if hosts := sorted({f"https://{player.host}" for player in players if player}):
        response._csp_replace = {"frame-src": hosts}
    return response
