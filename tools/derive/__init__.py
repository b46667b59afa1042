"""Derive the parameter formulas of transformers' architectures from their constructors (maintainers only).

Every file in entries/ is one model type, as the package reads it (tools.derive.pack):

    made      versions, a hash of the sources, the date, which classes were asked for
    fields    dotted path -> the value where a config.json has none; `absent`: the values of a part's fields where the
              whole part is missing; `aliases`: other names; `flat`, `twins`: older layouts that the class reads;
              `numbered`: labels are counted by num_labels alone
    kinds     dotted path -> the kinds of values that were verified; `only`: the words
    tests     symbol -> [field, what is asked]: "none", "is" a word (of a list: each entry), "in" (a word stands in it),
              "list", "len", "has" (an index stands in it), "num" and "den" (a float as a fraction), "times" (a float
              times a size, as doubles give it)
    where     conditions under which it was verified; `bounds`: dotted path -> [least, most], null for none
    rules     what the config class makes of a field: the first case whose condition holds gives an expression,
              {"value": any}, {"split": "|"} (the words of a text), {"letters": {...}, "from": field} (a word for each
              letter), or {"each": [letter, count]} with "of": an expression or "choose": words; null there: the entry
              of the list that is given
    heads     class -> cells: tensors that stand `over` the same indices `if` a condition holds, each with its name,
              shape, module class and what else it is; `verified`: on how many random configs; `only`, `kinds`: what it
              was verified with where other classes were with more
    without   classes that have no formula, and why

Expressions are those of nparams.expr; the symbol of a field is its path with two underscores for a dot.
"""
