"""Configurations from strangers: code that they name, numbers and nesting without end, words that act on a terminal."""

from __future__ import annotations

from tests.attacks._attack import Attack

REMOTE = b'{"model_type": "evil", "architectures": ["Evil"], "auto_map": {"AutoModel": "modeling_evil.Evil"}}'
CODE = b"import os\nos.system('echo owned')\n"


def large() -> bytes:
    return b'{"model_type": "llama", "x": "' + b"a" * 99_999_968 + b'"}'


ATTACKS = [
    Attack("code of its own beside it", "config.json", REMOTE,
           'model_type "evil" is code of the repository\'s own (auto_map), which is never run, and no formula is taken '
           "from another type: count its weights instead (their header is enough)",
           "huggingface/transformers docs: trust_remote_code", {"modeling_evil.py": CODE}, text=True),
    Attack("a type that acts on a terminal", "config.json", b'{"model_type": "\\u001b[31mllama\\n"}',
           'model_type "\\x1b[31mllama\\n" has no formula here, and none is taken from another type: count its weights '
           "instead (their header is enough), or --with-library, where the transformers library knows it",
           "CWE-150", text=True),
    Attack("a type that is a path", "config.json", b'{"model_type": "../../etc/passwd"}',
           'model_type "../../etc/passwd" has no formula here, and none is taken from another type: count its weights '
           "instead (their header is enough), or --with-library, where the transformers library knows it",
           "CWE-22", text=True),
    Attack("nesting without end", "config.json", b'{"model_type": "llama", "a": ' + b"[" * 200_000,
           "a config.json nested too deep to be one", "CVE-2022-45061 and others: recursion", text=True),
    Attack("a number of very many digits", "config.json", b'{"model_type": "llama", "n": ' + b"9" * 100_000 + b"}",
           "a number of 100,000 digits; up to 40 make sense in a config.json", "CVE-2020-10735", text=True),
    Attack("one key, two values", "config.json", b'{"model_type": "llama", "n": 1, "n": 2}',
           'the key "n" stands there twice, with different values', "parsers that differ", text=True),
    Attack("a hundred megabytes", "config.json", large, ": 100,000,000 bytes of JSON; up to 4,000,000 are read",
           "memory", text=True),
    Attack("a configuration cut short", "config.json", b'{"model_type": "llama", "hidden_size": 40',
           "a config.json is JSON, and this is none at line 1, column 42: Expecting ',' delimiter", "a cut download",
           text=True),
    Attack("a byte order mark, and no JSON", "config.json", b"\xef\xbb\xbf{'model_type': \"model_type\"}",
           "a config.json is JSON, and this is none at line 1, column 2: Expecting property name enclosed in double "
           "quotes", "Windows editors", text=True),
]  # fmt: skip
