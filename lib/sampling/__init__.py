"""Sampling of posteriors: Metropolis, emcee and replica exchange behind one door, their diagnostics, and evidences."""

from lib.sampling.diagnostics import (
    autocorrelation_time,
    ess_bulk,
    ess_mean,
    ess_quantile,
    ess_tail,
    mcse_mean,
    mcse_quantile,
    rhat,
)
from lib.sampling.evidence import Evidence, estimate_evidence, estimate_wbic
from lib.sampling.exchange import equal_rejection, round_trips
from lib.sampling.problem import Problem
from lib.sampling.result import Chain, Verdict
from lib.sampling.sampler import METHODS, sample

__all__ = [
    "METHODS",
    "Chain",
    "Evidence",
    "Problem",
    "Verdict",
    "autocorrelation_time",
    "equal_rejection",
    "ess_bulk",
    "ess_mean",
    "ess_quantile",
    "ess_tail",
    "estimate_evidence",
    "estimate_wbic",
    "mcse_mean",
    "mcse_quantile",
    "rhat",
    "round_trips",
    "sample",
]
