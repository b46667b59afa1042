/** Networks to try: one of each way in which people write them. */
export const EXAMPLES: readonly (readonly [string, string])[] = [
  ["784-16-16-10", "784-16-16-10"],
  ["in symbols", "h0-h1-h2"],
  ["a CNN", "input 28x28x1; conv 32 3x3; maxpool 2; conv 64 3x3; maxpool 2; flatten; dense 10"],
  ["an LSTM", "lstm 128 on 64"],
  [
    "PyTorch code",
    "nn.Sequential(\n    nn.Conv2d(3, 64, 7, stride=2, bias=False),\n    nn.BatchNorm2d(64),\n    nn.ReLU(),\n    nn.AdaptiveAvgPool2d(1),\n    nn.Flatten(),\n    nn.Linear(64, 1000),\n)",
  ],
  ["resnet50", "resnet50"],
  ["gpt2", "gpt2"],
  ["config.json", '{"model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 32,\n "num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 128256, "tie_word_embeddings": true}'],
];
