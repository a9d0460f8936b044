"""Where keys stand in a TOML text; the truth is counted by hand in the text itself (a key's line is its value)."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from faintsky.core.toml_lines import key_lines

TEXT = """# a comment = 1
study = 2  # trailing [not] = "a table"
many = [
    4,
    # 5
    [6, 6],
]
inline = { a = 8, "quoted.key" = [8] }
dotted.key = 9
text = '''
[not.a.table]
x = 10
'''

[table]
x = 16
[table."with.dot"]
y = 18

[[array]]
use = 21
[array.inner]
z = 23
[[array]]
use = 25
[[array.deep]]
w = 27
[[array.deep]]
w = 29
"""


def test_every_form_of_a_key():
    lines = key_lines(TEXT)
    for path, line in {
        ("study",): 2,
        ("many",): 3,
        ("many", 1, 0): 3,
        ("inline", "a"): 8,
        ("inline", "quoted.key", 0): 8,
        ("dotted", "key"): 9,
        ("text",): 10,
        ("table",): 15,
        ("table", "x"): 16,
        ("table", "with.dot", "y"): 18,
        ("array", 0): 20,
        ("array", 0, "use"): 21,
        ("array", 0, "inner"): 22,
        ("array", 0, "inner", "z"): 23,
        ("array", 1, "use"): 25,
        ("array", 1, "deep", 0, "w"): 27,
        ("array", 1, "deep", 1, "w"): 29,
    }.items():
        assert lines[path] == line, path
    assert ("x",) not in lines


def _leaves(node, path=()):
    if isinstance(node, dict):
        return [leaf for key, item in node.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(node, list) and node and isinstance(node[0], dict):
        return [leaf for i, item in enumerate(node) for leaf in _leaves(item, (*path, i))]
    return [(path, node)]


def test_every_leaf_of_the_text_has_a_line():
    lines = key_lines(TEXT)
    for path, value in _leaves(tomllib.loads(TEXT)):
        if isinstance(value, int):
            assert lines[path] == value


KEYS = st.sampled_from(["a", "b", "c", "'x.y'", '"z w"'])


@given(st.lists(st.tuples(st.sampled_from(["key", "table", "array", "blank", "comment", "multi"]), KEYS), max_size=12))
def test_lines_of_any_file(parts):
    """Files put together line by line; each value is the line that it was written on."""
    text: list[str] = []
    for what, key in parts:
        line = len(text) + 1
        text += {
            "key": [f"{key} = {line}"],
            "table": [f"[{key}]", f"leaf = {line + 1}"],
            "array": [f"[[{key}]]", f"leaf = {line + 1}"],
            "blank": [""],
            "comment": ["# [no]"],
            "multi": [f"{key} = [", f"  {line},", "]"],
        }[what]
    try:
        document = tomllib.loads("\n".join(text))
    except tomllib.TOMLDecodeError:  # the same key twice
        return
    lines = key_lines("\n".join(text))
    for path, value in _leaves(document):
        assert lines[path] == (value[0] if isinstance(value, list) else value)
