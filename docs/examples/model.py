"""Two models for handwritten digits."""

import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    """Two convolutions and two dense layers."""

    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.25)
        self.fc1 = nn.Linear(64 * 12 * 12, 128)
        self.fc2 = nn.Linear(128, classes)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = self.drop(self.pool(x)).flatten(1)
        return self.fc2(F.relu(self.fc1(x)))


class Wide(nn.Module):
    """Dense layers, as many and as wide as asked."""

    def __init__(self, width, depth=3, classes=10):
        super().__init__()
        sizes = [28 * 28] + [width] * depth
        self.layers = nn.ModuleList(nn.Linear(sizes[i], sizes[i + 1]) for i in range(depth))
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.head(x)
