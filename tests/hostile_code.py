# ruff: noqa: E501 - a text stands on one line where it can
"""Hostile and broken PyTorch code: tables of name -> (text, what is right).

What is right is one count, None where a count or a refusal is, or -1 where no count is.
"""

from __future__ import annotations

Table = dict[str, tuple[str, int | str | None]]


def net(*lines: str, arguments: str = "") -> str:
    """A class whose __init__ says these lines."""
    body = "\n".join(f"        {line}" for line in "\n".join(lines).split("\n"))
    return (
        f"import torch\nimport torch.nn as nn\n\nclass Net(nn.Module):\n    def __init__(self{arguments}):\n"
        f"        super().__init__()\n{body}\n"
    )


FC = "self.fc = nn.Linear(3, 4)"

#: text -> what it may come to; a file called `mark` would be the trace of a text that ran
RUNS: Table = {
    "a command": ("__import__('os').system('touch mark')\nnn.Linear(3, 4)", None),
    "a command in a class": (net("import os", "os.system('touch mark')", FC), 16),
    "a size that is a command": ("nn.Linear(__import__('os').getpid(), 4)", None),
    "open": (net("open('mark', 'w').write('x')", FC), None),
    "open with": (net("with open('mark', 'w') as f:\n    f.write('x')", FC), None),
    "eval": ("nn.Linear(eval('3'), 4)", None),
    "exec": ("exec('import os; os.mkdir(\"mark\")')\nnn.Linear(3, 4)", None),
    "compile": ("exec(compile('1', 'a', 'exec'))\nmodel = nn.Linear(3, 4)", None),
    "a decorator": ("import os\n@os.system('touch mark')\n" + net(FC), None),
    "a decorator of a method": (net(FC) + "\n    @eval('open')\n    def forward(self, x): return x", None),
    "a default": (net(FC, arguments=", n=open('mark', 'w')"), None),
    "an import": ("import antigravity, this, ctypes, hostile_module\n" + net(FC), 16),
    "an import by name": ("import importlib\nm = importlib.import_module('antigravity')\n" + net(FC), None),
    "import everything": ("from os import *\nsystem('touch mark')\n" + net(FC), None),
    "the way to subclasses": ("nn.Linear(len(().__class__.__bases__[0].__subclasses__()), 4)", None),
    "builtins": ("nn.Linear(__builtins__['eval']('3'), 4)", None),
    "globals": ("globals()['open']('mark', 'w')\nnn.Linear(3, 4)", None),
    "getattr": ("getattr(nn, '__builtins__')['open']('mark', 'w')\nnn.Linear(3, 4)", None),
    "a format that looks inside": ("nn.Linear(len('{0.__class__.__init__.__globals__}'.format(nn)), 4)", None),
    "a metaclass": ("class M(type):\n    def __new__(c, *a): open('mark', 'w')\n" + net(FC), None),
    "__getattr__": (net(FC) + "\n    def __getattr__(self, name):\n        open('mark', 'w')\n", None),
    "__del__": (net(FC) + "\n    def __del__(self):\n        open('mark', 'w')\n", 16),
    "a weight from disk": (net(FC, "self.load_state_dict(torch.load('mark'))"), None),
    "a weight from afar": ("torch.hub.load('a/b', 'c', trust_repo=True)", None),
    "a main that trains": (net(FC) + "\nif __name__ == '__main__':\n    open('mark', 'w')\n", 16),
    "subprocess": ("import subprocess\nsubprocess.run(['touch', 'mark'])\nnn.Linear(3, 4)", None),
    "input": (net("n = int(input())", "self.fc = nn.Linear(n, 4)"), None),
    "arguments": ("import argparse\np = argparse.ArgumentParser()\np.add_argument('--n', type=int, default=3)\n"
                  "args = p.parse_args()\nnn.Linear(args.n, 4)", None),
    "an exit": ("import sys\nsys.exit(3)\nnn.Linear(3, 4)", None),
    "exit": (net("exit()", FC), None),
    "a raise": ("raise SystemExit\nnn.Linear(3, 4)", None),
    "KeyboardInterrupt": (net("raise KeyboardInterrupt", FC), None),
}  # fmt: skip

LOOPS: Table = {
    "while True": (net("while True:\n    pass"), None),
    "while True that adds": (net("self.l = nn.ModuleList()\nwhile True:\n    self.l.append(nn.Linear(1, 1))"), None),
    "while with a break": (net("n = 1\nwhile True:\n    n *= 2\n    if n > 60: break", "self.fc = nn.Linear(n, 1)"), 65),
    "while 1 at the top": ("while 1: x = 1\nnn.Linear(3, 4)", None),
    "a range of 10**12": (net("for i in range(10**12):\n    pass", FC), None),
    "a range of layers": (net("self.l = nn.ModuleList([nn.Linear(1, 1) for _ in range(10**9)])"), None),
    "a range of symbols": (net("self.l = nn.ModuleList([nn.Linear(1, 1) for _ in range(n)])", arguments=", n"), None),
    "count()": ("import itertools\n" + net("for i in itertools.count():\n    pass", FC), None),
    "a list that grows": (net("a = [1]\nfor x in a:\n    a.append(x)", FC), None),
    "an endless generator": (net("def g():\n    while True:\n        yield 1", "self.l = nn.ModuleList([nn.Linear(1, 1) for _ in g()])"), None),
    "iter with an end that never comes": (net("for _ in iter(int, 1):\n    pass", FC), None),
    "cycle": ("import itertools\n" + net("self.l = nn.ModuleList([nn.Linear(1, i) for i in itertools.cycle([1, 2])])"), None),
    "recursion": (net("def f(n):\n    return f(n + 1)", "f(0)", FC), None),
    "recursion of two": ("def f(n): return g(n)\ndef g(n): return f(n)\n" + net("self.fc = f(1)"), None),
    "recursion in a lambda": ("f = lambda: f()\nnn.Linear(f(), 4)", None),
    "recursion that ends": ("def f(n): return 0 if n == 0 else 1 + f(n - 1)\nnn.Linear(f(20), 1)", 21),
    "a class that makes itself": (net("self.inner = Net()"), None),
    "two classes that make each other": (
        "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.b = B()\n"
        "class B(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = A()\nA()", None),
    "a module in itself": (net("self.me = self", FC), None),
    "a list in itself": (net("a = [nn.Linear(3, 4)]\na.append(a)\nself.l = nn.ModuleList(a)"), None),
    "a list in itself, printed": ("a = []\na.append(a)\nnn.Linear(a, 3)", None),
    "a dict in itself": ("d = {}\nd['d'] = d\nnn.Linear(d, 3)", None),
    "its own base": ("class A(A):\n    pass\nA()", None),
    "bases in a ring": ("class A(B): pass\nclass B(A): pass\nA()", None),
    "a property that asks itself": (net("self.fc = nn.Linear(self.n, 4)") + "\n    @property\n    def n(self): return self.n\n", None),
    "comprehensions in each other": ("nn.Linear(len([0" + "".join(f" for x{i} in range(100)" for i in range(9)) + "]), 3)", None),
    "loops in each other": (net("n = 0\n" + "".join("    " * i + f"for i{i} in range(1000):\n" for i in range(6)) + "    " * 6 + "n += 1"), None),
    "functions that double": (net(*(f"def f{i}(): return f{i - 1}() + f{i - 1}()" if i else "def f0(): return 1" for i in range(40)), "self.fc = nn.Linear(f39(), 3)"), None),
    "fibonacci": ("def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nnn.Linear(f(60), 3)", None),
    "classes that double": ("\n".join(
        f"class B{i}(nn.Module):\n    def __init__(self):\n        super().__init__()\n        "
        + (f"self.a = B{i - 1}()\n        self.b = B{i - 1}()" if i else FC) for i in range(40)) + "\nB39()", None),
}  # fmt: skip

BOMBS: Table = {
    "10**10**10": ("nn.Linear(10**10**10, 4)", None),
    "2**10**6": ("nn.Linear(2**10**6, 4)", None),
    "a negative power": ("nn.Linear(2**-3, 4)", None),
    "bytes that double": ('x = b"ab"\nfor i in range(60):\n    x = x + x\nnn.Linear(len(x), 4)', None),
    "bytes with a width": ('x = b"%999999999999d" % 3\nnn.Linear(len(x), 4)', None),
    "a power that is asked again": ("a = 9\n" + "a = a**a % 10**4000\n" * 50 + "nn.Linear(a, 4)", None),
    "a shift": ("nn.Linear(1 << 10**10, 4)", None),
    "pow": ("nn.Linear(pow(10, 10**9), 4)", None),
    "factorial": ("import math\nnn.Linear(math.factorial(10**8), 4)", None),
    "squares": ("a = 10\n" + "a = a * a\n" * 60 + "nn.Linear(a, 4)", None),
    "a size of 5,000 digits": (f"nn.Linear({'9' * 5000}, 4)", None),
    "a size of 4,000 digits": (f"nn.Linear(1, {'1' + '0' * 1999})", None),
    "int of many digits": ("nn.Linear(int('9' * 10**6), 4)", None),
    "[0] * 10**9": ("a = [0] * 10**9\nnn.Linear(len(a), 4)", None),
    "tuple * 10**9": ("nn.Linear(len((0, 1) * 10**9), 4)", None),
    "'x' * 10**9": ("nn.Linear(len('x' * 10**9), 4)", None),
    "'x' * -1": ("nn.Linear(len('x' * -1) + 1, 4)", 8),
    "a list that doubles": ("a = [1]\n" + "a = a + a\n" * 60 + "nn.Linear(len(a), 4)", None),
    "a list that doubles in place": ("a = [1]\n" + "a += a\n" * 60 + "nn.Linear(len(a), 4)", None),
    "a text that doubles": ("a = 'x'\n" + "a = a + a\n" * 60 + "nn.Linear(len(a), 4)", None),
    "a text that doubles by %": ("a = 'x'\n" + "a = '%s%s' % (a, a)\n" * 60 + "nn.Linear(len(a), 4)", None),
    "a text that doubles by f": ("a = 'x'\n" + "a = f'{a}{a}'\n" * 60 + "nn.Linear(len(a), 4)", None),
    "a text that doubles by format": ("a = 'x'\n" + "a = '{0}{0}'.format(a)\n" * 60 + "nn.Linear(len(a), 4)", None),
    "a text that doubles by join": ("a = 'x'\n" + "a = a.join(['x', 'y', 'z'])\n" * 60 + "nn.Linear(len(a), 4)", None),
    "a text that grows by replace": ("a = 'x'\n" + "a = a.replace('x', 'xxx')\n" * 60 + "nn.Linear(len(a), 4)", None),
    "lists of lists that double": ("a = [1]\n" + "a = [a, a]\n" * 60 + "nn.Linear(a, 4)", None),
    "lists of lists, printed": ("a = [1]\n" + "a = [a, a]\n" * 60 + "nn.Linear(len(str(a)), 4)", None),
    "lists of lists, compared": ("a = b = 1\n" + "a, b = [a, a], [b, b]\n" * 60 + "nn.Linear(3 if a == b else 4, 4)", None),
    "lists of lists, copied": ("import copy\na = [1]\n" + "a = [a, a]\n" * 60 + "b = copy.deepcopy(a)\nnn.Linear(len(b), 4)", None),
    "an f-string's width": ("nn.Linear(len(f'{1:>1000000000}'), 4)", None),
    "a width in %": ("nn.Linear(len('%1000000000d' % 1), 4)", None),
    "a width by *": ("nn.Linear(len('%*d' % (10**9, 1)), 4)", None),
    "a width in format": ("nn.Linear(len('{:>1000000000}'.format(1)), 4)", None),
    "digits in format": ("nn.Linear(len(f'{1.5:.1000000000f}'), 4)", None),
    "ljust": ("nn.Linear(len('x'.ljust(10**9)), 4)", None),
    "zfill": ("nn.Linear(len('1'.zfill(10**9)), 4)", None),
    "expandtabs": ("nn.Linear(len('\\t'.expandtabs(10**9)), 4)", None),
    "bytes": ("nn.Linear(len(bytes(10**9)), 4)", None),
    "list(range)": ("nn.Linear(len(list(range(10**9))), 4)", None),
    "len(range)": ("nn.Linear(len(range(10**3)), 1)", 1001),
    "sum(range)": ("nn.Linear(sum(range(10**9)), 4)", None),
    "sorted(range)": ("nn.Linear(len(sorted(range(10**8))), 4)", None),
    "max of a product": ("import itertools\nnn.Linear(max(map(sum, itertools.product(*[range(100)] * 9))), 4)", None),
    "permutations": ("import itertools\nnn.Linear(len(list(itertools.permutations(range(20)))), 4)", None),
    "a chain of zips": ("nn.Linear(len(list(zip(range(10**9), range(10**9)))), 4)", None),
    "many layers by *": ("nn.ModuleList([nn.Linear(1, 1)] * 10**7)", None),
    "10**9 layers of LSTM": ("nn.LSTM(1, 1, num_layers=10**9)", None),
    "10**9 encoders": ("nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 10**9)", None),
    "a shape of 10**6 sides": ("nn.Parameter(torch.zeros([1] * 10**6))", None),
    "one module in itself 60 times": ("m = nn.Linear(3, 4)\n" + "m = nn.Sequential(m, m)\n" * 60 + "model = m", None),
    "copies of copies": ("import copy\nm = nn.Linear(3, 4)\n" + "m = nn.Sequential(m, copy.deepcopy(m))\n" * 60 + "model = m", None),
    "10,000 attributes": (net("for i in range(10000):\n    setattr(self, f'fc{i}', nn.Linear(1, 1))"), 20_000),
    "10**9 attributes": (net("for i in range(10**9):\n    setattr(self, f'fc{i}', nn.Linear(1, 1))"), None),
}  # fmt: skip

DEEP: Table = {
    "round brackets": ("nn.Linear(" + "(" * 5000 + "3" + ")" * 5000 + ", 4)", None),
    "square brackets": ("nn.Linear(" + "[" * 5000, None),
    "mixed brackets": ("([{" * 3000, None),
    "100 brackets": ("nn.Linear(" + "(" * 90 + "3" + ")" * 90 + ", 4)", 16),
    "minuses": ("nn.Linear(" + "-" * 100_000 + "3, 4)", None),
    "20 minuses": ("nn.Linear(" + "-" * 20 + "3, 4)", 16),
    "nots": ("nn.Linear(" + "not " * 50_000 + "3, 4)", None),
    "attributes": ("nn.Linear(a" + ".b" * 100_000 + ", 4)", None),
    "indices": ("nn.Linear(a" + "[0]" * 50_000 + ", 4)", None),
    "calls": ("nn.Linear(3, 4)" + ".to('cpu')" * 20_000, None),
    "calls of calls": ("f" + "()" * 50_000, None),
    "sums": ("nn.Linear(" + "1+" * 100_000 + "1, 4)", None),
    "300 sums": ("nn.Linear(" + "1+" * 300 + "1, 1)", 302),
    "products": ("nn.Linear(" + "2*" * 20_000 + "1, 4)", None),
    "powers": ("nn.Linear(" + "1**" * 5_000 + "1, 4)", None),
    "comparisons": ("nn.Linear(3 if " + "1<" * 20_000 + "2 else 4, 4)", None),
    "ors": ("nn.Linear(3 if " + "0 or " * 20_000 + "2 else 4, 4)", None),
    "ternaries": ("nn.Linear(" + "1 if 0 else " * 2_000 + "3, 4)", None),
    "lambdas": ("f = " + "lambda: " * 5_000 + "1\nnn.Linear(3, 4)", None),
    "f-strings": ("nn.Linear(len(" + "f'{" * 50 + "1" + "}'" * 50 + "), 4)", None),
    "Sequential in Sequential": ("nn.Sequential(" * 180 + "nn.Linear(3, 4)" + ")" * 180, None),
    "40 Sequentials in each other": ("nn.Sequential(" * 40 + "nn.Linear(3, 4)" + ")" * 40, 16),
    "Sequential in Sequential, by a loop": ("m = nn.Linear(3, 4)\nfor _ in range(3000):\n    m = nn.Sequential(m)\nmodel = m", None),
    "ifs": ("".join(" " * i + "if 1:\n" for i in range(3000)) + " " * 3000 + "x = 1\nnn.Linear(3, 4)", None),
    "90 ifs": (net("".join("  " * i + "if 1:\n" for i in range(40)) + "  " * 40 + FC), 16),
    "elifs": (net("if n == 0:\n    pass\n" + "".join(f"elif n == {i}:\n    pass\n" for i in range(1, 3000)) + "else:\n    " + FC, arguments=", n=-1"), None),
    "classes in classes": ("".join(" " * i + f"class A{i}:\n" for i in range(90)) + " " * 90 + "pass\nnn.Linear(3, 4)", None),
    "a long line of bases": ("class A0(nn.Module):\n    def __init__(self):\n        super().__init__()\n        " + FC + "\n" + "".join(f"class A{i}(A{i - 1}): pass\n" for i in range(1, 3000)) + "A2999()", None),
    "super through 3,000 bases": ("class A0(nn.Module):\n    def __init__(self):\n        super().__init__()\n        " + FC + "\n" + "".join(
        f"class A{i}(A{i - 1}):\n    def __init__(self):\n        super().__init__()\n" for i in range(1, 3000)) + "A2999()", None),
    "diamonds": ("class A0: pass\n" + "".join(f"class A{i}(A{i - 1}, B{i - 1}): pass\n" if i > 1 else "class A1(A0): pass\nclass B1(A0): pass\n" for i in range(1, 60)), None),
    "decorators": ("@a\n" * 20_000 + net(FC), None),
    "assignments": ("a = " * 20_000 + "1\nnn.Linear(3, 4)", None),
    "starred": ("a, *b = " + "[*" * 150 + "[1]" + "]" * 150 + "\nnn.Linear(3, 4)", None),
    "a dict in a dict": ("d = " + "{'a': " * 150 + "1" + "}" * 150 + "\nnn.Linear(3, 4)", None),
    "a subscript in a subscript": ("nn.Linear(" + "a[" * 150 + "0" + "]" * 150 + ", 4)", None),
    "annotations": ("x: " + "List[" * 150 + "int" + "]" * 150 + " = 1\nnn.Linear(3, 4)", 16),
}  # fmt: skip

CLASS = net("self.one = nn.Conv2d(3, 8, kernel_size=3, padding=(1, 1))", "self.two = nn.Sequential(\n    nn.Linear(8, 4),\n"
            "    nn.ReLU(),\n)", "for i in range(2):\n    self.add_module(f'fc{i}', nn.Linear(4, 4))") + (
    "\n    def forward(self, x):\n        return self.two(self.one(x))\n")  # fmt: skip
CLASS_TOTAL = 224 + 36 + 40

PASTES: Table = {
    "a class": (CLASS, CLASS_TOTAL),
    "a prompt": (">>> nn.Linear(3, 4)", 16),
    "a prompt that goes on": (">>> model = nn.Sequential(\n...     nn.Linear(3, 4),\n...     nn.ReLU(),\n... )\n>>> model", 16),
    "a prompt and its answer": (">>> m = nn.Linear(3, 4)\n>>> m\nLinear(in_features=3, out_features=4, bias=True)", None),
    "a notebook": ("In [3]: m = nn.Linear(3, 4)", 16),
    "a notebook that goes on": ("In [3]: m = nn.Sequential(\n   ...:     nn.Linear(3, 4),\n   ...: )", 16),
    "a notebook's magic": ("%matplotlib inline\n!pip install torch\nimport torch\nnn.Linear(3, 4)", 16),
    "a fence": ("```python\nnn.Linear(3, 4)\n```", 16),
    "a fence in a question": ("I have this:\n\n```python\nmodel = nn.Linear(3, 4)\n```\n\nWhy 16?", 16),
    "fences in what a class says of itself": (CLASS.replace("class Net(nn.Module):\n", 'class Net(nn.Module):\n    """Use it so:\n\n    ```\n    >>> Net()\n    ```\n    """\n\n'), CLASS_TOTAL),
    "mail quotes": ("> nn.Linear(3, 4)\n> nn.ReLU()", None),
    "line numbers": ("1 model = nn.Sequential(\n2     nn.Linear(3, 4)\n3 )", None),
    "Windows": (CLASS.replace("\n", "\r\n"), CLASS_TOTAL),
    "old Mac": (CLASS.replace("\n", "\r"), CLASS_TOTAL),
    "tabs": (CLASS.replace("    ", "\t"), CLASS_TOTAL),
    "tabs and spaces": (CLASS.replace("        ", "\t", 3), None),
    "indented": ("\n".join(f"    {line}" for line in CLASS.split("\n")), CLASS_TOTAL),
    "a mark of byte order": ("\ufeff" + CLASS, CLASS_TOTAL),
    "spaces that do not break": (CLASS.replace("= nn", "=\u00a0nn"), CLASS_TOTAL),
    "full-width signs": ("nn．Linear（3，4）", None),
    "curly quotes": ("nn.ModuleDict({“a”: nn.Linear(3, 4)})", None),
    "long dashes": ("nn.Linear(4 – 1, 4)", None),
    "a null byte": ("nn.Linear(3,\0 4)", None),
    "null bytes": ("\0" * 1000 + "nn.Linear(3, 4)", None),
    "half a pair": ("nn.Linear(3, 4) # \ud800", None),
    "half a pair in a name": ("self.\ud800 = nn.Linear(3, 4)", None),
    "half a pair in a text": ("x = '\udfff'\nnn.Linear(len(x), 4)", None),
    "controls": ("nn.Linear(3, 4)\x1b[31m\x07\x08", None),
    "Python 2": (CLASS + "\nmodel = Net()\nprint model\n", None),
    "Python 2's exec": ("exec 'x = 1'\nnn.Linear(3, 4)", None),
    "Python 2's except": ("try:\n    m = nn.Linear(3, 4)\nexcept ValueError, e:\n    pass", None),
    "Python 2's numbers": ("nn.Linear(0777, 10L)", None),
    "an ellipsis": ("nn.Sequential(nn.Linear(3, 4), ..., nn.Linear(4, 2))", None),
    "dots for the rest": ("class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(3, 4)\n        ...\n", None),
    "a rest in words": ("nn.Sequential(\n    nn.Linear(3, 4),\n    # and so on\n)", 16),
    "one line": ("model = nn.Sequential(nn.Linear(3, 4), nn.ReLU()); print(model)", 16),
    "a comma at the end": ("nn.Linear(3, 4),", 16),
    "a tuple": ("nn.Linear(3, 4), nn.Linear(4, 2)", None),
    "a list": ("[nn.Linear(3, 4), nn.Linear(4, 2)]", None),
    "layers in lines": ("nn.Linear(3, 4)\nnn.ReLU()\nnn.Linear(4, 2)", None),
    "lines of an __init__": ("self.a = nn.Linear(3, 4)\nself.b = nn.Linear(4, 2)", 26),
    "lines of an __init__, indented but the first": ("self.a = nn.Linear(3, 4)\n        self.b = nn.Linear(4, 2)", 26),
    "nothing but imports": ("import torch\nfrom torch import nn\n", None),
    "nothing but a comment": ("# nn.Linear(3, 4)", None),
    "nothing but a text": ("'''nn.Linear(3, 4)'''", None),
    "no __init__": ("class Net(nn.Module):\n    pass", None),
    "only forward": ("class Net(nn.Module):\n    def forward(self, x):\n        return nn.Linear(3, 4)(x)", None),
    "super forgotten": ("class Net(nn.Module):\n    def __init__(self):\n        self.fc = nn.Linear(3, 4)\n", None),
}  # fmt: skip

SYMBOLS: Table = {
    text: (text, right)
    for text, right in {
        "nn.ModuleDict({str(i): nn.Linear(2, 2) for i in range(n)})": "n*6",
        "nn.ModuleList([nn.Linear(2, 2)] * n)": None,
        "nn.Sequential(*[nn.Linear(2, 2) for _ in range(n)])": "n*6",
        net(FC, arguments=", n=3") + "criterion = nn.CrossEntropyLoss()\n": 16,
    }.items()
}

WRONG: Table = {
    text: (text, None)
    for text in (
        "nn.Linear()", "nn.Linear(3)", "nn.Linear(3, 4, 5, 6, 7, 8, 9)", "nn.Linear(3, 4, foo=5)", "nn.Linear(3, 4, bias=)",
        "nn.Linear(3, 4, out_features=5)", "nn.Linear(-3, 4)", "nn.Linear(0, 4)", "nn.Linear(2.5, 4)", "nn.Linear(3.0, 4)",
        "nn.Linear(1j, 4)", "nn.Linear(float('nan'), 4)", "nn.Linear(float('inf'), 4)", "nn.Linear(1e400, 4)",
        "nn.Linear(None, 4)", "nn.Linear('a', 4)", "nn.Linear(True, 4)", "nn.Linear([3], 4)", "nn.Linear({}, 4)",
        "nn.Linear(nn.Linear, 4)", "nn.Linear(nn.Linear(3, 4), 4)", "nn.Linear(*3, 4)", "nn.Linear(**3)",
        "nn.Linear(*[1, 2, 3, 4, 5, 6, 7])", "nn.Linear(**{'a b': 3})", "nn.Linear(**{3: 4})", "nn.Linear(3, 4)(5)(6)(7)",
        "nn.Foo(3)", "nn", "nn.Linear", "nn.Linear.foo.bar(3)", "torch", "nn.Conv2d(3, 6, 3, groups=4)",
        "nn.Conv2d(3, 6, (3, 3, 3))", "nn.Conv2d(3, 6, [])", "nn.Conv2d(3, 6, kernel_size=None)", "nn.Conv2d(3, 6, 'same')",
        "nn.Conv2d(3, 6, 3, padding='foo')", "nn.Conv2d(3, 6, 3, groups=0)", "nn.GroupNorm(3, 4)", "nn.GroupNorm(0, 4)",
        "nn.LayerNorm(())", "nn.LayerNorm([])", "nn.LayerNorm(None)", "nn.LayerNorm([2.5])", "nn.MultiheadAttention(5, 2)",
        "nn.MultiheadAttention(4, 0)", "nn.LSTM(3, 4, 0)", "nn.LSTM(3, 4, -1)", "nn.LSTM(3, 4, proj_size=9)",
        "nn.TransformerEncoder(3, 4)", "nn.TransformerEncoder(nn.Linear(3, 4), 4)", "nn.Sequential(3)", "nn.Sequential(None)",
        "nn.Sequential(nn.Linear)", "nn.Sequential('abc')", "nn.Sequential(*None)", "nn.Sequential(*3)", "nn.ModuleList(3)",
        "nn.ModuleList([1, 2])", "nn.ModuleDict([1])", "nn.ModuleDict({1: nn.Linear(3, 4)})", "nn.ModuleDict({'a.b': nn.ReLU()})",
        "nn.Parameter(3)", "nn.Parameter()", "nn.Parameter(torch.zeros(-1))", "nn.Parameter(torch.zeros('a'))",
        "nn.Parameter(torch.zeros(2, 3) @ torch.zeros(4, 5))", "nn.Embedding(3, 4, padding_idx=9)", "nn.LazyLinear(4)",
        "1 / 0", "nn.Linear(1 // 0, 4)", "nn.Linear(1 % 0, 4)", "nn.Linear([][0], 4)", "nn.Linear({}['a'], 4)",
        "nn.Linear('abc'[9], 4)", "nn.Linear(int('x'), 4)", "nn.Linear(max([]), 4)", "nn.Linear(min(), 4)",
        "nn.Linear(a + 'b', 4)", "nn.Linear(3 + 'b', 4)", "nn.Linear([1] + 2, 4)", "nn.Linear(len(3), 4)", "nn.Linear(a[b:c:d], 4)",
        "nn.Linear(range(3)[1:9:0], 4)", "nn.Linear(next(iter([])), 4)", "nn.Linear(next(x for x in []), 4)",
        "a, b = 1\nnn.Linear(a, b)", "a, b = 1, 2, 3\nnn.Linear(a, b)", "a, *b, *c = 1\nnn.Linear(a, 4)", "del x\nnn.Linear(3, 4)",
        "return nn.Linear(3, 4)", "yield nn.Linear(3, 4)", "await nn.Linear(3, 4)", "break\nnn.Linear(3, 4)",
        "nonlocal x\nnn.Linear(3, 4)", "global nn\nnn = 3\nnn.Linear(3, 4)", "assert False\nnn.Linear(3, 4)",
        "from .a import b\nb(3)", "from a import *\nb(3)", "import a.b.c as d\nd.e(3)", "x = x\nnn.Linear(x, 4)",
        "match x:\n    case 1: m = nn.Linear(3, 4)\n", "async def f(): pass\nnn.Linear(3, 4)", "(yield)", "lambda: (yield)",
        "[x for x in x]", "{**a, **b}", "print(*a, sep='')", "nn.Linear(a := 3, a)", "nn.Linear(3, 4) if x else nn.Linear(4, 5)",
        "nn.Linear(x if y else z, 4)", "for i in x: nn.Linear(i, 4)", "while x: nn.Linear(3, 4)", "with x as y: nn.Linear(3, 4)",
        "class A(B): pass\nA(3)", "class A(nn.Module, metaclass=M): pass\nA()", "class A(nn.Linear): pass\nA(3, 4)",
        "class A(nn.Sequential): pass\nA(nn.Linear(3, 4))", "class A(nn.Module):\n    def __init__(): pass\nA()",
        "class A(nn.Module):\n    __init__ = 3\nA()", "class A(nn.Module):\n    def __init__(self): return 3\nA()",
        "class A(nn.Module):\n    def __init__(self, a, a): pass\nA()", "def f(*, a): pass\nf(3)", "def f(a, /): pass\nf(a=3)",
        "f = nn.Linear\nf = f(3, 4)\nf = f(5)", "nn.init.xavier_uniform_(nn.Linear(3, 4).weight)",
    )
}  # fmt: skip

#: what fails must not leave a part that is passed off as the whole: an error, or no total
PART: Table = {
    text: (text, -1)
    for text in (
        "nn.Sequential(nn.Linear(3, 4), nn.Linear(1 // 0, 4))",
        "model = nn.Sequential(nn.Linear(3, 4), nn.Conv2d(3, 6, 3, groups=4))",
        "nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5, 6, 7, 8, 9))",
        "a = nn.Linear(3, 4)\nb = nn.Linear(4, 5)\nmodel = nn.Sequential(a, b, [][0])",
        "nn.Linear(3, 4)\nnn.Linear(4.5, 3)",
        "[nn.Linear(3, 4), nn.Linear('x', 4)]",
        "layers = [nn.Linear(2, 2) for i in range(n)]",
        "for i in range(n):\n    layers.append(nn.Linear(2, 2))",
        "a = nn.Linear(3, 4)\n" + net("self.a = a", "self.b = nn.Linear(1, 2, 3, 4, 5, 6)"),
        net("self.a = nn.Linear(3, 4)", "self.b = nn.Linear(2.5, 4)"),
        net("self.a = nn.Linear(3, 4)", "self.b = nn.Linear({}, 4)"),
        net("self.a = nn.Linear(3, 4)", "self.b = Missing(4)"),
        net("self.a = nn.Linear(3, 4)", "self.b = Missing(in_features=4, out_features=5, " + ", ".join(f"argument_{i}={i}" for i in range(30)) + ")"),
        net("self.a = nn.Linear(3, 4)", "self.b = nn.Parameter(missing(4))"),
        net("self.a = nn.Linear(3, 4)", "self.b = nn.Parameter(torch.log(missing(torch.arange(4), 'n -> d n', d=3)))"),
        net("self.a = nn.Linear(3, 4)", "self.b = nn.Foo(4)"),
        net("self.a = nn.Linear(3, 4)", "self.b = made(4)") + "\n    def forward(self, x):\n        return self.b(x)\n",
        net("self.a = nn.Linear(3, 4)", "self.b = self.made(4)") + "\n    def forward(self, x):\n        return self.b(x)\n",
        net("self.a = nn.Linear(3, 4)", "self.add_module('b', made(4))"),
        net("self.a = nn.Linear(3, 4)", "self.b = nn.Sequential(nn.Linear(3, 4), made(4))"),
        net("self.a = nn.Linear(3, 4)", "self.b = nn.ModuleList([made(i) for i in range(3)])"),
        net("self.a = nn.Linear(3, 4)", "for x in missing(4):\n    self.add_module(x, nn.Linear(3, 4))"),
        net("self.a = nn.Linear(3, 4)", "if missing(4):\n    self.b = nn.Linear(3, 4)"),
        "nn.Sequential(" + "nn.Linear(10, 10), " * 14_000 + "nn.Linear(1, 2, 3, 4, 5, 6))",
    )
}  # fmt: skip

GROUPS: dict[str, Table] = {
    "runs": RUNS,
    "loops": LOOPS,
    "bombs": BOMBS,
    "deep": DEEP,
    "pastes": PASTES,
    "wrong": WRONG,
    "part": PART,
    "symbols": SYMBOLS,
}

PIECES = [
    *"""nn . Linear ( ) 3 , 4 = self fc \n class Net : def __init__ super if else for in range [ ] { } * ** // % + -
    lambda return import torch Sequential Conv2d LSTM ModuleList append while True False None not and or is == < >
    f'{ }' 'x' "y" # @ ~ ; \\ \t 10**9 1e9 -1 0 bias kernel_size with as try except raise yield await del global x
    Parameter zeros add_module setattr getattr partial OrderedDict dict list tuple zip enumerate len int str type""".split(" "),
    "\n    ", "\n        ", "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        ",
    "self.fc = nn.Linear(3, 4)\n", "nn.Sequential(", "\ud800", "\0", "💥",
]  # fmt: skip
