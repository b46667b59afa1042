"""The names that hyper-parameters go by, and how the families of transformers are built.

Names: transformers/configuration_*.py (BertConfig, GPT2Config, LlamaConfig, MixtralConfig), torch.nn.Transformer,
github.com/karpathy/nanoGPT, github.com/openai/gpt-2 (hparams), the tables of Vaswani et al. 2017 (arXiv 1706.03762),
Devlin et al. 2018 (1810.04805), Brown et al. 2020 (2005.14165) and Dosovitskiy et al. 2020 (2010.11929), github.com/
facebookresearch/llama (params.json), Raschka, Build a large language model (from scratch),
github.com/lucidrains/vit-pytorch.
"""

from __future__ import annotations

#: what a name says, by names without _ - . and capitals; letters alone are told apart in LETTERS
NAMES = {
    "L": "layers nlayer nlayers numlayer numlayers numhiddenlayers depth layer nblock nblocks numblocks "
    "blocks nlyr numtransformerlayers numberoflayers hiddenlayers transformerblocks "
    "ntransformerblocks",
    "d": "dmodel nembd nembed embdim embeddim embeddingdim embeddingsize hiddensize dim width modeldim "
    "dembed nhidden dhidden hidden modelsize embedsize embsize modelwidth hiddenunits dimmodel",
    "h": "nhead nheads numhead numheads numattentionheads heads head attentionheads nattentionheads "
    "numberofheads",
    "kv": "numkeyvalueheads nkvhead nkvheads numkvheads kvheads nkvgroups numkvgroups nqueryygroups "
    "numquerygroups nquerygroups keyvalueheads",
    "d_h": "dhead headdim dkv headsize dimhead kvchannels attentionheaddim dk keyquerysize",
    "d_v": "dv valuesize vheaddim valuedim",
    "f": "dff ff ffn dinner ffndim intermediatesize mlpdim ffdim ffndimension feedforwarddim "
    "dimfeedforward ninner dmlp ffhidden ffnhidden feedforward ffnhiddensize mlphiddendim "
    "feedforwardsize intermediatedim dimff ffsize mlpsize",
    "hidden_dim": "hiddendim",
    "ratio": "mlpratio ffmult ffnmult mlpmult expansion widening ffmultiplier expansionfactor",
    "multiple": "multipleof",
    "multiplier": "ffndimmultiplier",
    "V": "nvocab vocabsize vocab ntoken ntokens numtokens vocabularysize vocabulary nvoc numembeddings "
    "tokens paddedvocabsize",
    "V_src": "srcvocabsize srcvocab encvocabsize inputvocabsize ninputvocab",
    "V_tgt": "tgtvocabsize tgtvocab decvocabsize targetvocabsize outputvocabsize",
    "n": "nctx ctx npositions blocksize contextlength maxpositionembeddings seqlen maxseqlen maxlen "
    "contextsize maxseqlength sequencelength maxlength ncontext context positions contextwindow "
    "maxposition seqlength maxsequencelength numpositions",
    "types": "typevocabsize nsegments numsegments ntypes tokentypes segments",
    "E": "numexperts nexperts numlocalexperts nroutedexperts experts nexpert",
    "top": "topk numexpertspertok expertspertoken nexpertused numexpertspertoken topkexperts expertstopk "
    "numselectedexperts",
    "shared": "nsharedexperts numsharedexperts sharedexperts",
    "f_moe": "moeintermediatesize expertintermediatesize",
    "image": "imagesize imgsize inputresolution resolution",
    "patch": "patchsize patch",
    "c": "numchannels inchans inchannels channels",
    "classes": "numclasses nclasses classes numlabels nclass",
    "L_enc": "numencoderlayers encoderlayers nenclayers nencoderlayers enclayers",
    "L_dec": "numdecoderlayers decoderlayers ndeclayers ndecoderlayers declayers",
    "bias": "bias usebias biases addbiaslinear",
    "qkv_bias": "qkvbias attentionbias attnbias addqkvbias useqkvbias",
    "mlp_bias": "mlpbias",
    "tied": "tiewordembeddings tied weighttying tieweights tieembeddings tiedembeddings tieembedding "
    "sharedembeddings shareinputoutputembed sharedembedding weightsharing tiehead tiedhead",
    "norm": "norm normtype normalization normlayer normclass",
    "act": "hiddenact activation act activationfunction activationfn mlp mlptype afn",
    "gated": "swiglu gated glu useswiglu gatedmlp",
    "pos": "positionembeddingtype posembedding positionalencoding positionencoding posenc pos "
    "positionembedding positionalembedding posemb",
    "rotary": "ropetheta ropebase rotary rope rotarydim rotaryembbase userotary ropefreqbase",
    "rms": "rmsnormeps rmsnorm rms rmsnormepsilon",
    "layernorm": "layernormeps layernormepsilon",
    "pooler": "pooler addpoolinglayer pooling",
    "final": "finalnorm finallayernorm lastnorm",
    "style": "style family",
}  # fmt: skip
#: letters alone, where capitals matter; H is the width in BERT's L, H, A, and the heads beside another width
LETTERS = {"L": "L", "N": "L", "l": "L", "d": "d", "D": "d", "h": "h", "H": "H", "A": "h", "V": "V", "T": "n",
           "k": "top",
           "f": "f"}  # fmt: skip
#: beginnings of names that play no part in the count
QUIET = (
    "drop", "attndrop", "resid", "embddrop", "embdpdrop", "attnpdrop", "hiddendrop", "attentionprobs", "attentiondrop",
    "lr", "learningrate", "batch", "epoch", "seed", "device", "dtype", "torchdtype", "optim", "weightdecay", "warmup",
    "beta", "eps", "normeps", "init", "usecache", "pad", "bos", "eos", "unk", "sep", "cls", "name", "model", "grad",
    "maxiter", "steps", "temperature", "layernorm", "act", "hiddenact", "activation", "normfirst", "batchfirst",
    "flash",
    "slidingwindow", "rope", "pretrain", "transformersversion", "scale", "total", "params", "parameters", "causal",
    "output", "chunk", "classifierdrop", "position", "tokenizer", "data", "dataset", "compile", "outputrouter",
    "router",
    "maxbatch", "normeps", "gpu", "log", "eval", "save", "trainmicro", "summary", "task", "reorder", "vocabfile",
)  # fmt: skip


class Style:
    """How a family is built: what holds where it is not said.  `marks`: names that only it uses; `weak`: names that it
    uses as others do; `titles`: words of a title."""

    __slots__ = ("built", "marks", "name", "source", "titles", "told", "weak")

    def __init__(
        self, name: str, told: str, source: str, built: dict[str, object], marks: str = "", weak: str = "",
        titles: str = ""
    ) -> None:  # fmt: skip
        self.name = name
        self.told = told
        self.source = source
        self.built = built
        self.marks = frozenset(marks.split())
        self.weak = frozenset(weak.split())
        self.titles = titles.split()


GPT = {"pos": "learned", "tied": True, "bias": True, "rms": False, "gated": False, "final": True, "emb_norm": False,
       "types": 0, "pooler": False, "head": True, "times": 4}  # fmt: skip
STYLES = (
    Style("bert", "an encoder as BERT is built", "Devlin et al. 2018 (arXiv 1810.04805), §3",
          {**GPT, "head": False, "final": False, "emb_norm": True, "types": 2, "pooler": True},
          "A typevocabsize hiddendropoutprob attentionprobsdropoutprob pooler addpoolinglayer",
          "numhiddenlayers", "bert roberta"),
    Style("llama", "a decoder as LLaMA is built", "Touvron et al. 2023 (arXiv 2302.13971), §2.2",
          {**GPT, "pos": "rotary", "tied": False, "bias": False, "rms": True, "gated": True, "times": 0},
          "numkeyvalueheads nkvhead nkvheads numkvheads kvheads nkvgroups numkvgroups rmsnormeps ropetheta ropebase "
          "multipleof ffndimmultiplier rmsnorm swiglu gated", "", "llama mistral mixtral qwen gemma"),
    Style("book", "a decoder as in Raschka's book, its output layer untied",
          "Raschka 2024, Build a large language model (from scratch), ch. 4", {**GPT, "tied": False}, "embdim droprate",
          "", ""),
    Style("gpt", "a decoder as GPT-2 is built", "Radford et al. 2019; github.com/openai/gpt-2, src/model.py", GPT, "",
          "",
          "gpt"),
)  # fmt: skip


def plain(key: str) -> str:
    """A name without what people write differently; a letter keeps its capital.

    >>> plain("n_layer"), plain("--num-heads"), plain("H")
    ('nlayer', 'numheads', 'H')
    """
    bare = key.rpartition(".")[2] or key
    found = "".join(c for c in bare if c.isalnum())
    return found if len(found) == 1 else found.lower()


_ROLES: dict[str, str] = {}


def role_of(key: str) -> str | None:
    """What a name says: "L" for n_layer; None where it is not known."""
    if not _ROLES:
        for role, words in NAMES.items():
            for word in words.split():
                _ROLES[plain(word)] = role
        _ROLES.update(LETTERS)
    return _ROLES.get(plain(key))


def is_quiet(key: str) -> bool:
    """Whether a name is known to play no part: dropout, learning rate, seeds."""
    return plain(key).startswith(QUIET)
