"""Names of tensors that act on a terminal or a page: escaped in every view (the guard looks at each page)."""

from __future__ import annotations

import json

from tests.attacks._attack import Attack, Count
from tests.gguf_maker import T as GT
from tests.gguf_maker import gguf
from tests.safetensors_maker import T, safetensors

#: colours, the title, the cursor, the clipboard (OSC 52), a link (OSC 8), direction, a new line, DEL, C1
ACTING = "\x1b[31m\x1b]0;t\x07\x1b[2J\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://x\x07\u202e\u2066\r\n\x7f\x9b31m\u2028"
WHY = "CVE-2003-0063's kind: escapes in names that a terminal obeys"
#: a spreadsheet's formula, a page's script, a table's bars
OTHER = "=cmd|' /C calc'!A0 <script>alert(1)</script> | `x` | [bold red]"

ATTACKS = [
    Attack("safetensors: a name that acts", "m.safetensors", safetensors([T(ACTING + ".weight", [3])]), Count(3), WHY),
    Attack("safetensors: a name for other programs", "m.safetensors", safetensors([T(OTHER, [3])]), Count(3),
           "CWE-1236"),
    Attack("gguf: a name that acts", "m.gguf", gguf(tensors=[GT(ACTING, [3])]), Count(3), WHY),
    Attack("gguf: an architecture that acts", "m.gguf", gguf([("general.architecture", "str", ACTING)], [GT("a", [3])]),
           Count(3), WHY),
    Attack("index: a shard's name that acts", "model.safetensors.index.json",
           json.dumps({"weight_map": {"a": ACTING}}).encode(),
           ': "\\x1b[31m\\x1b]0;t\\x07\\x1b[2J\\x1b]52;c;ZXZpbA==\\x07\\x1b]8;;http://x\\x07\\u202e\\u2066\\r\\n'
           '\\x7f\\x9b31m\\u2028": a file named inside a model must lie beside it; paths are not '
           "followed", WHY),
]  # fmt: skip
