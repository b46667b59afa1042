"""All tricky live models of PyTorch, by what is tricky about them."""

from __future__ import annotations

from tests.torch.live_cases_changed import CHANGED
from tests.torch.live_cases_odd import ODD
from tests.torch.live_cases_packed import PACKED
from tests.torch.live_cases_plain import PLAIN
from tests.torch.live_cases_tied import TIED
from tests.torch.live_cases_wrapped import WRAPPED

CASES = (*PLAIN, *TIED, *WRAPPED, *CHANGED, *PACKED, *ODD)
