"""HTML that we made, as plain text: for the text half of a letter. Pure."""

import re
from html.parser import HTMLParser

SILENT = {"style", "title", "head"}
PARTS = {"p", "div", "h1", "h2", "h3", "ul", "ol", "table", "tr", "blockquote", "figure", "hr"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.silent = 0
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        elif tag in PARTS:
            self.pieces.append("\n\n")
        elif tag == "li":
            self.pieces.append("\n- ")
        elif tag == "br":
            self.pieces.append("\n")
        elif tag == "a":
            self.targets.append(dict(attrs).get("href") or "")
        elif tag == "img" and dict(attrs).get("alt"):
            self.pieces.append(f"[{dict(attrs)['alt']}]")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent -= 1
        elif tag in PARTS:
            self.pieces.append("\n\n")
        elif tag == "a" and self.targets and (target := self.targets.pop()):
            self.pieces.append(f" ( {target} )")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.pieces.append(re.sub(r"\s+", " ", data))


def from_html(html: str) -> str:
    """The words, lists and link addresses, with an empty line between paragraphs."""
    reader = _Reader()
    reader.feed(html)
    lines = [line.strip() for line in "".join(reader.pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
