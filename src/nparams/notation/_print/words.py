"""What the class of a printed module says of it, where it is none of torch.nn: tables of names.

Sources: the classes' own files in transformers, peft, bitsandbytes, auto-gptq, autoawq, torchao, torchvision, timm,
detectron2, apex and torch.ao; each row names those it was written for.
"""

from __future__ import annotations

import re

#: classes that hold what is printed under them and nothing else, besides the containers of torch.nn: blocks of torch.nn
#: that print their parts, plain Sequentials of torchvision and torch.ao, wrappers
WRAPPERS = frozenset(
    """Transformer TransformerEncoder TransformerDecoder TransformerEncoderLayer TransformerDecoderLayer
    AdaptiveLogSoftmaxWithLoss LinearCrossEntropyLoss MultiheadAttention ParametrizationList IntermediateLayerGetter
    Conv2dNormActivation ConvNormActivation Conv3dNormActivation ConvBNReLU ConvBNActivation ConvReLU2d ConvBn2d
    ConvBnReLU2d LinearReLU LinearBn1d BNReLU2d DistributedDataParallel OptimizedModule FullyShardedDataParallel
    PeftModel PeftModelForCausalLM PeftModelForSequenceClassification PeftModelForSeq2SeqLM LoraModel GraphModule
    """.split()
)
#: adapters of peft print the layer that they wrap and their matrices as children
ADAPTERS = frozenset(("lora", "peft", "ia3", "loha", "lokr", "adalora", "vera", "oft"))

#: the layer that ends torch.nn.MultiheadAttention, by versions of torch: a dense one
OUT_PROJ = frozenset(("NonDynamicallyQuantizableLinear", "_LinearWithBias"))

#: names of what never has parameters: activations, dropout, rotary and sinusoidal positions, pooling, reshaping, stubs
#: and observers of torch.ao, transforms of torchvision
FREE = re.compile(
    r"""(?:Activation|ReLU\d?|GELU|GELUTanh|SiLU|Swish\w{0,8}|Mish|Sigmoid|Tanh|Softmax|Softplus|ELU|Hardswish|GLU
    |Dropout\w{0,4}|DropPath|DropBlock2?d?|StochasticDepth|FrozenDropout
    |Rotary\w{0,12}Embeddings?|RotaryEmb|RoPE\w{0,6}|Rotary|RotaryPositionalEmbeddings
    |Sinusoidal\w{0,24}|\w{0,24}EmbeddingSine|SinePositionalEncoding
    |\w{0,12}Pool(?:ing)?\d?d?|MultiScaleRoIAlign|RoIAlign|RoIPool
    |Identity|Flatten|Unflatten|Reshape|View|Permute|Rearrange|Reduce|Lambda
    |Interpolate|Upsample|Up(?:sampling)?Nearest2d|PixelShuffle|\w{0,12}Pad\d?d?|Loss\w{0,6}
    |(?:De)?Quant(?:ize)?(?:Stub)?|\w{0,16}Functional|FakeQuantize|\w{0,16}Observer
    |GeneralizedRCNNTransform|AnchorGenerator|DefaultBoxGenerator|Normalize|Resize|ToTensor|Compose
    |_WeightNorm|_SpectralNorm|_Orthogonal|FakeSparsity|PixelNorm|OlmoLayerNorm)\Z""",
    re.VERBOSE,
)
#: the same anywhere in the name
FREE_WITHIN = re.compile(
    r"RotaryEmb|Sinusoid|DataPreprocessor|Activation\Z|GELU|SiLU|hswish\Z|hsigmoid\Z|LogitsProcessor"
)

#: a norm that keeps even scale and shift as buffers (torchvision.ops.misc, detectron2.layers.batch_norm)
FROZEN_NORM = re.compile(r"Frozen(?:BatchNorm|BN)\w{0,4}\Z")

#: names that end in what has parameters: without a printed size these are not known
LEARNS = re.compile(
    r"(?:Linear\w{0,8}|Conv\w{0,4}\dD|Conv\w{0,10}\dd|Conv|Norm\w{0,3}|BN|(?<!al)(?<!Time)(?<!step)Embedding|EmbeddingBag"
    r"|(?:LSTM|GRU|RNN)(?:Cell)?|PReLU|Bilinear|Dora\w{0,9}Layer|WQLinear_\w{1,12}|Dense)\Z"
)

#: what looks like a class of torch.nn by name and printed sizes: (pattern of the name, class of torch.nn)
LIKE = (
    (re.compile(r"RMS_?Norm", re.IGNORECASE), "RMSNorm"),
    (re.compile(r"LayerNorm|\bLN\b"), "LayerNorm"),
    (re.compile(r"GroupNorm"), "GroupNorm"),
    (re.compile(r"InstanceNorm"), "InstanceNorm2d"),
    (re.compile(r"BatchNorm|InPlaceABN"), "BatchNorm2d"),
    (re.compile(r"LMHead\Z"), "Embedding"),  # vLLM's ParallelLMHead prints as its embedding does
    (re.compile(r"EmbeddingBag\Z"), "EmbeddingBag"),
    (re.compile(r"Embeddings?\Z"), "Embedding"),
    (re.compile(r"LSTMCell\Z"), "LSTMCell"),
    (re.compile(r"GRUCell\Z"), "GRUCell"),
    (re.compile(r"RNNCell\Z"), "RNNCell"),
    (re.compile(r"LSTM\Z"), "LSTM"),
    (re.compile(r"GRU\Z"), "GRU"),
    (re.compile(r"RNN\Z"), "RNN"),
    (re.compile(r"PReLU\Z"), "PReLU"),
    (re.compile(r"Bilinear\Z"), "Bilinear"),
)
#: classes whose weights are packed: what is counted are the numbers that they stand for
PACKED = re.compile(
    r"(?:\dbit|8bitLt|NF4|FP4|FP8|Int8|GPTQ|AWQ|WQLinear|QuantLinear|HQQ|EETQ|Eetq|Aqlm|Quantized\w{0,12}|BitLinear|QLinear)"
)
#: other words for the parameters of torch.nn
WORDS = {
    "num_features": "num_features c channels num_channels features",
    "normalized_shape": "normalized_shape dim hidden_size hidden_dim features d_model embed_dim",
    "in_features": "in_features input_features input_size input_dims nx in_dim",
    "out_features": "out_features output_features output_size output_dims nf out_dim",
    "num_embeddings": "num_embeddings vocab_size",
    "embedding_dim": "embedding_dim hidden_size dim",
}
