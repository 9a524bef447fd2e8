#!/usr/bin/env python3
"""Makes the pictures of the documents: `draw.py diagram SOURCE`, or `draw.py terminal COLUMNS COMMAND...`.

The SVG goes to standard output. A diagram's source is a TOML file of boxes, arrows and notes. A terminal's picture is
what the command really prints on a terminal of so many columns, with its colours. Nothing but Python's own library is
needed, and the same source gives the same bytes.
"""

import fcntl
import os
import pty
import re
import shlex
import struct
import sys
import termios
import tomllib
from html import escape

SANS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

# Each picture has a ground of its own, so it can be read on a light and on a dark page.
DIAGRAM_STYLE = """
text { font: 13px %(sans)s; fill: #1f2328 }
.mono { font-family: %(mono)s; font-size: 12px }
.title { font-weight: 600; font-size: 15px }
.small { font-size: 12px; fill: #57606a }
.ground { fill: #ffffff; stroke: #d0d7de }
.pod { fill: #f6f8fa; stroke: #8c959f }
.given { fill: #ddf4ff; stroke: #0969da }
.added { fill: #dafbe1; stroke: #1a7f37 }
.init { fill: #dafbe1; stroke: #1a7f37; stroke-dasharray: 4 3 }
.service { fill: #fff8c5; stroke: #9a6700 }
.line { fill: none; stroke: #57606a; stroke-width: 1.5; marker-end: url(#tip) }
.write { stroke: #cf222e; marker-end: url(#tip-write) }
.read { stroke: #9a6700; marker-end: url(#tip-read) }
.follow { stroke: #0969da; marker-end: url(#tip-follow) }
.tip { fill: #57606a } .tip-write { fill: #cf222e } .tip-read { fill: #9a6700 }
.tip-follow { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 }
  .ground { fill: #0d1117; stroke: #3d444d } .pod { fill: #151b23; stroke: #656c76 }
  .given { fill: #0c2d6b; stroke: #4493f8 } .added, .init { fill: #033a16; stroke: #3fb950 }
  .service { fill: #3b2300; stroke: #d29922 }
  .line { stroke: #9198a1 } .write { stroke: #f85149 } .read { stroke: #d29922 } .follow { stroke: #4493f8 }
  .tip { fill: #9198a1 } .tip-write { fill: #f85149 } .tip-read { fill: #d29922 } .tip-follow { fill: #4493f8 }
}
""" % {"sans": SANS, "mono": MONO}

TERMINAL_STYLE = """
text { font: 14px %(mono)s; fill: #e6edf3; white-space: pre }
.ground { fill: #0d1117; stroke: #3d444d }
.b { font-weight: 700 } .d { fill: #9198a1 }
.red { fill: #ff7b72 } .green { fill: #7ee787 } .yellow { fill: #e3b341 } .cyan { fill: #76e3ea }
""" % {"mono": MONO}


def svg(width, height, label, style, body):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    ground = f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    lines = [f'{head} role="img" aria-label="{escape(label)}">', f"<style>{style}</style>", ground, *body, "</svg>"]
    return "\n".join(lines) + "\n"


def text(x, y, words, kind="", anchor="middle"):
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def box(item):
    """A box with its words in the middle, or on top where it has others in it."""
    x, y, width, height = item["at"]
    yield f'<rect class="{item["kind"]}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
    lines = item.get("words", [])
    top = y + 19 if item.get("on_top") else y + height / 2 + 4.5 - 8 * (len(lines) - 1)
    for index, words in enumerate(lines):
        yield text(x + width / 2, top + 16 * index, words, item.get("font", ""))


def arrow(item):
    points = item["points"]
    kind = item.get("kind", "line")
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    yield f'<path class="line {kind}" d="{path}"/>'


def tip(kind):
    size = 'markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto" markerUnits="userSpaceOnUse"'
    return f'<marker id="{kind}" {size}><path class="{kind}" d="M0 0 L8 4 L0 8 z"/></marker>'


def diagram(source):
    with open(source, "rb") as file:
        drawing = tomllib.load(file)
    body = ["<defs>" + "".join(tip(kind) for kind in ("tip", "tip-write", "tip-read", "tip-follow")) + "</defs>"]
    for item in drawing["box"]:
        body.extend(box(item))
    for item in drawing["arrow"]:
        body.extend(arrow(item))
    for item in drawing["note"]:
        x, y = item["at"]
        body.append(text(x, y, item["words"], item.get("kind", "small"), item.get("anchor", "middle")))
    return svg(*drawing["size"], drawing["label"], DIAGRAM_STYLE, body)


def run(columns, command):
    """What a command prints on a terminal of its own."""
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        os.environ.pop("NO_COLOR", None)
        os.environ["TERM"] = "xterm-256color"
        os.execvp(command[0], command)
    printed = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how a terminal says that its program has ended
            break
        if not part:
            break
        printed += part
    os.waitpid(child, 0)
    return printed.decode().replace("\r\n", "\n")


COLORS = {"31": "red", "32": "green", "33": "yellow", "36": "cyan"}


def spans(line):
    """The pieces of a line, each with the classes of its colours."""
    kinds = []
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if not piece.startswith("\x1b"):
            if piece:
                yield " ".join(kinds), piece
            continue
        for code in piece[2:-1].split(";"):
            if code in ("", "0"):
                kinds = []
            elif code in COLORS:
                kinds.append(COLORS[code])
            elif code in ("1", "2"):
                kinds.append("b" if code == "1" else "d")
            else:
                sys.exit(f"draw.py: no such colour: {piece!r}")


def terminal(columns, command):
    printed = run(columns, command)
    shown = [f"\x1b[2m$\x1b[0m {shlex.join([os.path.basename(command[0]), *command[1:]])}", *printed.splitlines()]
    body = []
    for index, line in enumerate(shown):
        pieces = "".join(
            f'<tspan class="{kind}">{escape(piece)}</tspan>' if kind else escape(piece) for kind, piece in spans(line)
        )
        body.append(f'<text x="16" y="{28 + 19 * index}" xml:space="preserve">{pieces}</text>')
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown[1])
    return svg(round(columns * 8.43) + 32, 19 * len(shown) + 26, f"A terminal: {plain}", TERMINAL_STYLE, body)


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "diagram":
        sys.stdout.write(diagram(arguments[1]))
    elif len(arguments) > 2 and arguments[0] == "terminal":
        sys.stdout.write(terminal(int(arguments[1]), arguments[2:]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
