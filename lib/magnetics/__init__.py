"""Magnetization inside a volcanic island from the magnetic anomaly measured above it.

Prisms under the terrain (`Mesh`), their anomaly (`sensitivity`, `sensitivity_operator`, `exact_anomaly`), surveys read or made
with a known answer, and their inversion.  Names are imported when first used, so that checking a table compiles nothing.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "survey": ["Survey", "station_grid"],
        "prisms": ["Mesh", "flat_mesh", "terrain_mesh"],
        "total_field": ["anomaly", "direction", "exact_anomaly", "field_vector", "memory_estimate", "sensitivity"],
        "operators": ["DenseKernel", "SharedKernel", "sensitivity_operator"],
        "terrain": ["Terrain", "gaussian_island", "volcanic_island"],
        "island": ["ISLAND_FIELD", "artificial_island", "island_survey"],
        "uniform": ["UniformFit", "uniform_fit"],
        "surroundings": ["surroundings", "surroundings_response"],
        "flight_lines": ["along_line", "block_median", "local_metres", "without_trend"],
        "external_surveys": ["BLOCKS_KEYS", "OSBORNE_FIELD", "OSBORNE_KEY", "read_blocks", "read_osborne"],
        "meshing": ["layer_thickness", "mesh_for", "osborne_problem", "terrain_of_points"],
        "tabular": ["prepare", "read_terrain", "survey_of"],
        "check": ["check_table"],
        "elastic_net": ["Path", "column_weights", "elastic_net_path"],
        "group_net": ["GroupPath", "group_path"],
        "compact": ["COMPACT", "CompactFit", "CompactSettings", "compact_inversion"],
        "choose": ["PenaltyChoice", "choose_penalty", "line_folds", "signed_curvature", "spatial_blocks"],
        "selection": ["SelectionMap", "flight_line_bootstrap"],
        "resolution": ["checkerboard", "checkerboard_recovery", "point_spread", "score"],
        "analysis": ["FRAMES", "MagneticAnalysis", "analyse"],
        "required": ["acceptance_table"],
        "tuning": ["recovery_map", "tune_compact"],
        "problems": ["BODIES", "FIELD", "Problem", "artificial_body", "centroid_depth"],
    },
)  # fmt: skip
