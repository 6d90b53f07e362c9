"""Rewraps the paragraphs of line comments in Swift files that have a line of more than 110 columns.

swift format leaves comments alone. Code blocks, lists and tables inside comments stay as they are.
"""

import re
import sys
import textwrap

WIDTH = 110
COMMENT = re.compile(r"^(\s*)(///|//)( ?)(.*)$")
KEPT_STARTS = ("```", "-", "|", "    ", "MARK:", "swift-format", "swift-tools-version", "#")


def split(line):
    """The comment's margin with its slashes, and its text; nothing for a line of code."""
    match = COMMENT.match(line)
    return (match.group(1) + match.group(2), match.group(4)) if match else None


def is_kept(text):
    return not text.strip() or text.startswith(KEPT_STARTS)


def rewrapped(lines):
    result, index, in_code, in_literal = [], 0, False, False
    while index < len(lines):
        line = lines[index]
        comment = None if in_literal else split(line)
        if comment is None:
            in_code = False
            in_literal ^= line.count('"""') % 2 == 1
            result.append(line)
            index += 1
            continue
        margin, text = comment
        in_code ^= text.startswith("```")
        if in_code or is_kept(text):
            result.append(line)
            index += 1
            continue
        end = index
        while end < len(lines) and (following := split(lines[end])) and following[0] == margin:
            if is_kept(following[1]):
                break
            end += 1
        paragraph = lines[index:end]
        if any(len(part) > WIDTH for part in paragraph):
            words = " ".join(split(part)[1].strip() for part in paragraph)
            room = WIDTH - len(margin) - 1
            broken = textwrap.wrap(words, room, break_long_words=False, break_on_hyphens=False)
            paragraph = [f"{margin} {part}" for part in broken]
        result += paragraph
        index = end
    return result


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        before = file.read()
    after = "\n".join(rewrapped(before.split("\n")))
    if after != before:
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
