"""Which of several candidate reactions ran: evidence of reaction networks from data, a simulator and priors.

`exhaustive_networks` weighs all networks; `rescore`, `sample_networks` and `network_wbic` check it by sampling;
`prior_sensitivity`, `next_measurement` and `detectability` say how far the answer can be trusted.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "priors": ["HalfNormal", "LogNormal"],
        "posterior": ["SelectionProblem"],
        "reactor_model": ["ReactorModel", "reactor_problem"],
        "exhaustive": ["exhaustive_networks"],
        "network_search": ["NetworkSearch"],
        "stepping": ["rescore", "stepping_stone"],
        "guide": ["Guide"],
        "indicator_exchange": ["sample_networks"],
        "indicator_results": ["IndicatorChains", "agreement"],
        "wbic": ["compare_criteria", "network_wbic"],
        "sensitivity": ["prior_sensitivity"],
        "measurement": ["next_measurement"],
        "detection": ["detectability"],
        "scores": ["calibration_table", "score_search"],
    },
)  # fmt: skip
