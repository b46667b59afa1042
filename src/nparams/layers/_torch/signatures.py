"""The layers of torch.nn and their arguments, as PyTorch 2.13 declares them.

`Conv[123]d` stands for Conv1d, Conv2d and Conv3d; `[]` is an empty tuple; what follows a lone `*` is
given by name only.
Source: torch/nn/modules/*.py, `__init__` of each class (of RNN, LSTM and GRU the overloads that it documents).
"""

from __future__ import annotations

#: by the rule that makes them, the layers that may hold parameters
HOLDING = {
    "linear": """
    Linear(in_features, out_features, bias=True, device=None, dtype=None)
    LazyLinear(out_features, bias=True, device=None, dtype=None)
    """,
    "bilinear": """
    Bilinear(in1_features, in2_features, out_features, bias=True, device=None, dtype=None)
    """,
    "conv": """
    Conv[123]d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
      padding_mode='zeros', device=None, dtype=None)
    LazyConv[123]d(out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
      padding_mode='zeros', device=None, dtype=None)
    """,
    "convtranspose": """
    ConvTranspose[123]d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1,
      bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None)
    LazyConvTranspose[123]d(out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True,
      dilation=1, padding_mode='zeros', device=None, dtype=None)
    """,
    "batchnorm": """
    BatchNorm[123]d(num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None,
      dtype=None, *, bias=True)
    SyncBatchNorm(num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, process_group=None,
      device=None, dtype=None, *, bias=True)
    LazyBatchNorm[123]d(eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None, *,
      bias=True)
    """,
    "instancenorm": """
    InstanceNorm[123]d(num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False, device=None,
      dtype=None, *, bias=True)
    LazyInstanceNorm[123]d(eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None,
      *, bias=True)
    """,
    "groupnorm": """
    GroupNorm(num_groups, num_channels, eps=1e-05, affine=True, device=None, dtype=None, *, bias=True)
    """,
    "layernorm": """
    LayerNorm(normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, device=None, dtype=None)
    """,
    "rmsnorm": """
    RMSNorm(normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None)
    """,
    "prelu": """
    PReLU(num_parameters=1, init=0.25, device=None, dtype=None)
    """,
    "embedding": """
    Embedding(num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
      scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None, dtype=None)
    EmbeddingBag(num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean',
      sparse=False, _weight=None, include_last_offset=False, padding_idx=None, device=None, dtype=None)
    """,
    "recurrent": """
    RNN(input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True, batch_first=False, dropout=0.0,
      bidirectional=False, device=None, dtype=None)
    LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
      proj_size=0, device=None, dtype=None)
    GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
      device=None, dtype=None)
    RNNBase(mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
      bidirectional=False, proj_size=0, device=None, dtype=None)
    """,
    "cell": """
    RNNCell(input_size, hidden_size, bias=True, nonlinearity='tanh', device=None, dtype=None)
    LSTMCell(input_size, hidden_size, bias=True, device=None, dtype=None)
    GRUCell(input_size, hidden_size, bias=True, device=None, dtype=None)
    RNNCellBase(input_size, hidden_size, bias, num_chunks, device=None, dtype=None)
    """,
    "attention": """
    MultiheadAttention(embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False,
      kdim=None, vdim=None, batch_first=False, device=None, dtype=None)
    """,
    "encoder": """
    TransformerEncoderLayer(d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu',
      layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True, device=None, dtype=None)
    """,
    "decoder": """
    TransformerDecoderLayer(d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu',
      layer_norm_eps=1e-05, batch_first=False, norm_first=False, bias=True, device=None, dtype=None)
    """,
    "transformer": """
    Transformer(d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1,
      activation='relu', custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-05, batch_first=False,
      norm_first=False, bias=True, device=None, dtype=None)
    """,
    "softmaxtree": """
    AdaptiveLogSoftmaxWithLoss(in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None,
      dtype=None)
    """,
    "linearloss": """
    LinearCrossEntropyLoss(in_features, num_classes, *, out_features=[], bias=False, device=None, dtype=None,
      reduction='mean', weight=None, ignore_index=None, label_smoothing=0.0, options=None)
    """,
}

#: by the kind of layer that they are, those that never do
FREE = {
    "relu": """
    CELU(alpha=1.0, inplace=False)
    ELU(alpha=1.0, inplace=False)
    GELU(approximate='none')
    GLU(dim=-1)
    Hardshrink(lambd=0.5)
    Hardsigmoid(inplace=False)
    Hardswish(inplace=False)
    Hardtanh(min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None)
    LeakyReLU(negative_slope=0.01, inplace=False)
    LogSigmoid()
    LogSoftmax(dim=None)
    Mish(inplace=False)
    RReLU(lower=0.125, upper=0.3333333333333333, inplace=False)
    ReLU(inplace=False)
    ReLU6(inplace=False)
    SELU(inplace=False)
    SiLU(inplace=False)
    Sigmoid()
    Softmax(dim=None)
    Softmax2d()
    Softmin(dim=None)
    Softplus(beta=1.0, threshold=20.0)
    Softshrink(lambd=0.5)
    Softsign()
    Tanh()
    Tanhshrink()
    Threshold(threshold, value, inplace=False)
    """,
    "dropout": """
    AlphaDropout(p=0.5, inplace=False)
    Dropout(p=0.5, inplace=False)
    Dropout[123]d(p=0.5, inplace=False)
    FeatureAlphaDropout(p=0.5, inplace=False)
    """,
    "identity": """
    Identity(*args, **kwargs)
    CrossMapLRN2d(size, alpha=0.0001, beta=0.75, k=1)
    LocalResponseNorm(size, alpha=0.0001, beta=0.75, k=1.0)
    """,
    "flatten": """
    Flatten(start_dim=1, end_dim=-1)
    """,
    "unflatten": """
    Unflatten(dim, unflattened_size)
    """,
    "maxpool": """
    MaxPool[123]d(kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False)
    FractionalMaxPool2d(kernel_size, output_size=None, output_ratio=None, return_indices=False,
      _random_samples=None)
    FractionalMaxPool3d(kernel_size, output_size=None, output_ratio=None, return_indices=False,
      _random_samples=None)
    """,
    "avgpool": """
    AvgPool1d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)
    AvgPool2d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)
    AvgPool3d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None)
    LPPool[123]d(norm_type, kernel_size, stride=None, ceil_mode=False)
    """,
    "adaptivepool": """
    AdaptiveAvgPool[123]d(output_size)
    AdaptiveMaxPool[123]d(output_size, return_indices=False)
    """,
    "upsample": """
    MaxUnpool[123]d(kernel_size, stride=None, padding=0)
    Upsample(size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None)
    UpsamplingBilinear2d(size=None, scale_factor=None)
    UpsamplingNearest2d(size=None, scale_factor=None)
    """,
    "zeropad": """
    CircularPad[123]d(padding)
    ConstantPad[123]d(padding, value)
    ReflectionPad[123]d(padding)
    ReplicationPad[123]d(padding)
    ZeroPad[123]d(padding)
    """,
    "pixelshuffle": """
    PixelShuffle(upscale_factor)
    """,
    "pixelunshuffle": """
    PixelUnshuffle(downscale_factor)
    """,
    "moves": """
    ChannelShuffle(groups)
    Fold(output_size, kernel_size, dilation=1, padding=0, stride=1)
    Unfold(kernel_size, dilation=1, padding=0, stride=1)
    """,
    "compares": """
    CosineSimilarity(dim=1, eps=1e-08)
    PairwiseDistance(p=2.0, eps=1e-06, keepdim=False)
    """,
    "loss": """
    BCELoss(weight=None, size_average=None, reduce=None, reduction='mean')
    BCEWithLogitsLoss(weight=None, size_average=None, reduce=None, reduction='mean', pos_weight=None)
    CTCLoss(blank=0, reduction='mean', zero_infinity=False)
    CosineEmbeddingLoss(margin=0.0, size_average=None, reduce=None, reduction='mean')
    CrossEntropyLoss(weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean',
      label_smoothing=0.0)
    GaussianNLLLoss(*, full=False, eps=1e-06, reduction='mean')
    HingeEmbeddingLoss(margin=1.0, size_average=None, reduce=None, reduction='mean')
    HuberLoss(reduction='mean', delta=1.0)
    KLDivLoss(size_average=None, reduce=None, reduction='mean', log_target=False)
    L1Loss(size_average=None, reduce=None, reduction='mean')
    MSELoss(size_average=None, reduce=None, reduction='mean')
    MarginRankingLoss(margin=0.0, size_average=None, reduce=None, reduction='mean')
    MultiLabelMarginLoss(size_average=None, reduce=None, reduction='mean')
    MultiLabelSoftMarginLoss(weight=None, size_average=None, reduce=None, reduction='mean')
    MultiMarginLoss(p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction='mean')
    NLLLoss(weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')
    NLLLoss2d(weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')
    PoissonNLLLoss(log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean')
    SmoothL1Loss(size_average=None, reduce=None, reduction='mean', beta=1.0)
    SoftMarginLoss(size_average=None, reduce=None, reduction='mean')
    TripletMarginLoss(margin=1.0, p=2.0, eps=1e-06, swap=False, size_average=None, reduce=None, reduction='mean')
    TripletMarginWithDistanceLoss(*, distance_function=None, margin=1.0, swap=False, reduction='mean')
    """,
}

#: what torch.nn has besides: classes that hold what they are given
CONTAINERS = frozenset(
    """Module Container Sequential ModuleList ModuleDict ParameterList ParameterDict TransformerEncoder
    TransformerDecoder DataParallel""".split()
)
