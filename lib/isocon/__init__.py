"""Sparse isocon analysis: element mobility and mass change in alteration haloes and weathering profiles."""
