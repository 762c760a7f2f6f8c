"""Figures of the compendium: one style sheet, words on figures, and the plot idioms of the field.

Functions take plain arrays or pandas frames and an Axes (default: the current one), and return the Axes.
"""

from lib.plots.angles import angle_panel, bilateral_comparison
from lib.plots.anomaly_maps import anomaly_fit, anomaly_map, terrain_map
from lib.plots.answers import evidence_bars, melt_fraction_forest
from lib.plots.bars import forest, gain_loss_bars, immobility_ranking, selection_frequency
from lib.plots.benchmark import benchmark_curves, gain_heatmap, score_table, truth_scatter
from lib.plots.block_models import depth_slices, section, selection_map
from lib.plots.calibration import accuracy_panels, rank_ecdf, rank_histogram
from lib.plots.classification import class_proportions, confusion_matrix, reliability
from lib.plots.components import icasso_dendrogram, scree_criteria
from lib.plots.diagrams_isocon import guo_isocon, isocon_diagram, spread_factors
from lib.plots.discriminants import class_ternary, discriminant_projection, ree_by_class
from lib.plots.eos_curves import eos_curves, hugoniot_temperatures, prem_deviation
from lib.plots.feature_labels import term_label
from lib.plots.harker_diagrams import harker, harker_matrix
from lib.plots.hidden_states import hidden_states
from lib.plots.labels import end_labels, formula, point_labels, quantity
from lib.plots.liquidus import liquidus_depression
from lib.plots.loadings import clr_loadings, end_member_bars, end_member_profile
from lib.plots.modes import membership_path, mode_plot, path_plot
from lib.plots.notes import count_note, panel_labels, verdict_box, watermark
from lib.plots.overview import overview_example, sparse_isocon_overview
from lib.plots.patterns import INCOMPATIBILITY, information_bars, spider
from lib.plots.posterior import corner, trace_ranks
from lib.plots.prior_posteriors import design_bars, prior_posterior
from lib.plots.profiles import profile
from lib.plots.proportions import mineral_crosscheck, proportions_bars, proportions_truth
from lib.plots.reaction_figures import detectability_map, em_path
from lib.plots.recovery import recovery_panels
from lib.plots.regularisation import lambda_panel, recovery_map
from lib.plots.resolution_panels import resolution_panel
from lib.plots.samplers import ess_bars, failure_grid, failure_map, failure_rates
from lib.plots.scales import RatioPercentLocator, color_bar, percent_text, plain_log_axis, ratio_percent_axis
from lib.plots.scores import score_map, score_plot
from lib.plots.separate import separate_panels
from lib.plots.studies import residuals_by_study
from lib.plots.style import (
    FIELD_MAPS,
    OKABE_ITO,
    ROLES,
    STYLE,
    WIDTH_MM,
    class_colors,
    field_map,
    figure,
    save,
    style_context,
    use_style,
)
from lib.plots.subset_density import density_of_states, null_overlay
from lib.plots.subset_diagrams import inclusion_bars, indicator_diagram
from lib.plots.subset_path import path_by_size, scheme_contrast
from lib.plots.triangles import acnk_diagram, acnk_points, ternary
from lib.plots.wedges import concentration_ratio, wedge
from lib.plots.zoned_profiles import mineral_profiles, zoned_profile

__all__ = [
    "FIELD_MAPS",
    "INCOMPATIBILITY",
    "OKABE_ITO",
    "ROLES",
    "STYLE",
    "WIDTH_MM",
    "RatioPercentLocator",
    "accuracy_panels",
    "acnk_diagram",
    "acnk_points",
    "angle_panel",
    "anomaly_fit",
    "anomaly_map",
    "benchmark_curves",
    "bilateral_comparison",
    "class_colors",
    "class_proportions",
    "class_ternary",
    "clr_loadings",
    "color_bar",
    "concentration_ratio",
    "confusion_matrix",
    "corner",
    "count_note",
    "density_of_states",
    "depth_slices",
    "design_bars",
    "detectability_map",
    "discriminant_projection",
    "em_path",
    "end_labels",
    "end_member_bars",
    "end_member_profile",
    "eos_curves",
    "ess_bars",
    "evidence_bars",
    "failure_grid",
    "failure_map",
    "failure_rates",
    "field_map",
    "figure",
    "forest",
    "formula",
    "gain_heatmap",
    "gain_loss_bars",
    "guo_isocon",
    "harker",
    "harker_matrix",
    "hidden_states",
    "hugoniot_temperatures",
    "icasso_dendrogram",
    "immobility_ranking",
    "inclusion_bars",
    "indicator_diagram",
    "information_bars",
    "isocon_diagram",
    "lambda_panel",
    "liquidus_depression",
    "melt_fraction_forest",
    "membership_path",
    "mineral_crosscheck",
    "mineral_profiles",
    "mode_plot",
    "null_overlay",
    "overview_example",
    "panel_labels",
    "path_by_size",
    "path_plot",
    "percent_text",
    "plain_log_axis",
    "point_labels",
    "prem_deviation",
    "prior_posterior",
    "profile",
    "proportions_bars",
    "proportions_truth",
    "quantity",
    "rank_ecdf",
    "rank_histogram",
    "ratio_percent_axis",
    "recovery_map",
    "recovery_panels",
    "ree_by_class",
    "reliability",
    "residuals_by_study",
    "resolution_panel",
    "save",
    "scheme_contrast",
    "score_map",
    "score_plot",
    "score_table",
    "scree_criteria",
    "section",
    "selection_frequency",
    "selection_map",
    "separate_panels",
    "sparse_isocon_overview",
    "spider",
    "spread_factors",
    "style_context",
    "term_label",
    "ternary",
    "terrain_map",
    "trace_ranks",
    "truth_scatter",
    "use_style",
    "verdict_box",
    "watermark",
    "wedge",
    "zoned_profile",
]
