"""A page as a tree: enough of a DOM to say exactly what stands where."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "circle", "col", "hr", "img", "input", "link", "meta", "use", "wbr"}


@dataclass
class Node:
    """One element; `children` holds elements and texts in order."""

    tag: str
    attributes: dict = field(default_factory=dict)
    children: list = field(default_factory=list)

    def __getitem__(self, name):
        return self.attributes[name]

    def get(self, name):
        return self.attributes.get(name)

    @property
    def classes(self):
        return (self.get("class") or "").split()

    @property
    def text(self):
        """What is written in it, white space folded."""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join(" ".join(parts).split())

    def walk(self):
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    def all(self, tag=None, css=None, **attributes):
        """Every element below with this tag, class and attributes (data_key stands for data-key)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            node
            for node in self.walk()
            if (tag is None or node.tag == tag)
            and (css is None or css in node.classes)
            and all(node.get(name) == value for name, value in wanted.items())
        ]

    def one(self, tag=None, css=None, **attributes):
        """The only such element."""
        [node] = self.all(tag, css, **attributes)
        return node

    def id(self, name):
        """The element with this id, or None."""
        found = self.all(id=name)
        assert len(found) < 2, f"{name} stands {len(found)} times on the page"
        return found[0] if found else None

    def form(self):
        """What the browser would send: the successful controls of the form."""
        sent = {node["name"]: node.get("value") or "" for node in self.all("input") if node.get("name")}
        for area in self.all("textarea"):
            if area.get("name"):
                sent[area["name"]] = "".join(area.children).removeprefix("\n")
        return sent


class _Builder(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, {name: "" if value is None else value for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parse(answer):
    """The tree of an answer (or of a piece of HTML). Fails where tags are not balanced."""
    builder = _Builder()
    builder.feed(answer if isinstance(answer, str) else answer.content.decode())
    builder.close()
    assert len(builder.open) == 1, f"<{builder.open[-1].tag}> is never closed"
    return builder.root
