"""River sediments of the world (GloRiSe): major elements joined with measured mineralogy and with the place.

Mineralogy stands beside 300 of the samples that have eight major oxides.  It was measured in different ways (per cent by
weight, by area or count under the microscope, by X-ray intensity), so that a comparison with end members is one of ranks
and trends, and the way is kept in a column.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib import tables
from lib.tables.grid import Grid
from lib.tables.reader import build
from lib.tables.totals import FAULT_ABOVE

CASE = "03_sediment_unmixing"
MAJORS_KEY = "sediment/SedimentDatabase_ME_Nut.csv"
MINERALS_KEY = "sediment/SedimentDatabase_Minerals.csv"
LOCATIONS_KEY = "sediment/SedimentDatabase_Locations.csv"
#: The oxides that every sample must have; MnO and P2O5 are read where they are given.
CORE_OXIDES = ("SiO2", "Al2O3", "Fe2O3T", "CaO", "MgO", "K2O", "Na2O", "TiO2")
_OXIDES = {f"{name}_wt": f"{name}_wt" for name in (*CORE_OXIDES, "MnO")} | {"P2O5_tot_wt": "P2O5_wt", "LOI_wt": "LOI_wt"}
_SAMPLE_TYPES = {"BS": "bed sediment", "SS": "suspended sediment"}
#: Ways of measuring that give an amount; "pres" only says that a mineral is there.
UNITS = {"wt": "weight", "area_perc": "area", "int_perc": "intensity", "count_perc": "count"}
#: Group of minerals -> a column of its total, and the columns that are added up where the total is not given.
_GROUPS = {
    "quartz": ("Quartz", ()),
    "feldspar": ("Feldspar", ("Albite", "Plg", "Anorthite", "K-feldspar")),
    "mica": ("Mica", ()),
    "clay": ("BulkClay", ("Smectite", "Illite", "Kaolinite", "Chlorite", "Vermiculite")),
    "carbonate": ("BulkCarbonate", ("Calcite", "Dolomite")),
    "carbonate_grains": ("", ("Lcc", "Lcd")),
    "mafic": ("totalMafic", ("Ampibole", "Pyroxene", "Olivine", "BasGlass")),
}
#: A sample whose oxides and LOI add up to less (wt%) is no analysis of a whole sediment.
MIN_TOTAL = 50.0


@dataclass(frozen=True)
class Glorise:
    """Samples with major elements, and what else is known of them.

    Parameters
    ----------
    table : tables.Table
        N samples complete in `CORE_OXIDES`; ``group`` is bed or suspended sediment, ``reference`` the publication.
    minerals : DataFrame
        Index sample (those of the table that have mineralogy); columns unit (weight, area, intensity, count), method, and
        quartz, feldspar, mica, clay, carbonate, carbonate_grains (calcareous and dolomitic rock fragments), mafic in per
        cent; NaN where not reported.
    places : DataFrame
        Index sample, all N; columns latitude_deg, longitude_deg (NaN where not given), country, river.
    inorganic_carbon : Series
        Index sample; wt% C where it was measured: an independent measure of carbonate.
    """

    table: tables.Table
    minerals: pd.DataFrame
    places: pd.DataFrame
    inorganic_carbon: pd.Series


def read_glorise(majors=None, minerals=None, locations=None, min_total: float = MIN_TOTAL) -> Glorise | None:
    """Read and join the tables.

    Parameters
    ----------
    majors, minerals, locations : path-like or tables.Source, optional
        The files; by default where `lib.tables.locate` finds them.
    min_total : float
        Smallest sum of the oxides and LOI in wt%.

    Returns
    -------
    Glorise or None
        None when one of the files is not on this machine.  The table's notes count what was left out and why.

    Raises
    ------
    tables.TableFaults
        When a file is not that table.
    """
    keys = (MAJORS_KEY, MINERALS_KEY, LOCATIONS_KEY)
    given = [tables.locate(key) if one is None else one for one, key in zip((majors, minerals, locations), keys, strict=True)]
    if any(one is None for one in given):
        return None
    wanted = (
        ["Sample_ID", "Location_ID", "Sampletype", "C_inorg_wt", *_OXIDES],
        ["Sample_ID", "Unit", "Method"],
        ["Location_ID", "Citation", "Lat_deg", "Lon_deg", "Country", "Region"],
    )
    raw, mineral, place = (_frame(one, columns) for one, columns in zip(given, wanted, strict=True))
    place = place.drop_duplicates("Location_ID").set_index("Location_ID")
    table, rows = _table(raw, place, given[0], min_total)
    samples = pd.Index(table.frame["sample_id"], name="sample")
    where = place.reindex(rows["Location_ID"])
    places = pd.DataFrame(
        {"latitude_deg": _numbers(where["Lat_deg"]), "longitude_deg": _numbers(where["Lon_deg"]),
         "country": where["Country"].fillna("").to_numpy(), "river": where["Region"].fillna("").to_numpy()}, index=samples,
    )  # fmt: skip
    carbon = pd.Series(_numbers(rows["C_inorg_wt"]), index=samples, name="inorganic_carbon_wt").dropna()
    return Glorise(table, _minerals(mineral, samples), places, carbon)


def _frame(source, wanted):
    """Read a CSV file as text and see that it is the one meant.

    The compendium's own reader refuses these files: a row of atomic weights stands beside the table, without a header.
    """
    frame = pd.read_csv(getattr(source, "path", source), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    lacking = [column for column in wanted if column not in frame]
    if lacking:
        name = str(getattr(source, "path", source))
        raise tables.TableFaults(
            [tables.Fault(name, 1, column, None, f"the column {column} of GloRiSe is missing") for column in lacking]
        )
    return frame.assign(line=np.arange(2, len(frame) + 2)).apply(lambda c: c.str.strip() if c.name != "line" else c)


def _numbers(texts) -> np.ndarray:
    """Numbers of a column of text, NaN where a cell holds none."""
    return pd.to_numeric(pd.Series(np.asarray(texts, dtype=object)), errors="coerce").to_numpy(float)


def _table(raw, place, source, min_total):
    """Return the table of complete samples, and the rows of the file that it came from."""
    raw = raw[raw["Sample_ID"] != ""]
    value = pd.DataFrame({ours: _numbers(raw[theirs]) for theirs, ours in _OXIDES.items()}, index=raw.index)
    text = raw[list(_OXIDES)].rename(columns=_OXIDES)
    censored = text.apply(lambda column: column.str.match(r"<\s*\d"))
    zero, odd = value == 0, value.isna() & (text != "") & ~censored
    core = [f"{name}_wt" for name in CORE_OXIDES]
    complete = ((value[core] > 0) | censored[core]).all(axis=1)
    total = value.sum(axis=1)
    light, heavy = complete & (total < min_total), complete & (total > FAULT_ABOVE)
    kept = complete & ~light & ~heavy
    notes = [
        f"{(~complete).sum()} of {len(raw)} samples are left out: not all of {', '.join(CORE_OXIDES)} were given, or one is 0",
        f"{light.sum()} are left out because they add up to less than {min_total:g} wt%, {heavy.sum()} because they add up to "
        f"more than {FAULT_ABOVE:g}",
        f"{int((zero & ~zero[core].any(axis=1).to_numpy()[:, None])[kept].sum().sum())} zeros of other oxides and "
        f"{int(odd[kept].sum().sum())} cells with text were read as empty",
    ]
    rows = raw[kept]
    text = text[kept].mask(zero[kept] | odd[kept], "")
    citation = place["Citation"].reindex(rows["Location_ID"]).fillna("").to_numpy()
    made = pd.DataFrame({"sample_id": rows["Sample_ID"], "group": rows["Sampletype"].map(_SAMPLE_TYPES).fillna("")})
    made["reference"] = citation
    made = pd.concat([made, text], axis=1)
    grid_rows = [(line, list(cells)) for line, cells in zip(rows["line"], made.itertuples(index=False), strict=True)]
    grid = Grid(str(getattr(source, "path", source)), 1, list(made.columns), grid_rows, notes=notes)
    schema = tables.load_schema(CASE)
    # LOI is mostly not given: a total between min_total and the limit is what a carbonate or a mud has without it
    schema = dataclasses.replace(schema, analytes=dataclasses.replace(schema.analytes, totals=False))
    return build(grid, schema, source), rows


def _minerals(mineral, samples):
    """Mineral groups of the samples of the table, in per cent."""
    part = mineral[mineral["Unit"].isin(UNITS) & mineral["Sample_ID"].isin(set(samples))].drop_duplicates("Sample_ID")
    out = {"unit": part["Unit"].map(UNITS).to_numpy(), "method": part["Method"].to_numpy()}
    for group, (total, members) in _GROUPS.items():
        columns = [name for name in (total, *members) if name]
        numbers = np.column_stack([_numbers(part[name]) for name in columns])
        # a percentage above 100 (a dolomite of 3900) is a slip of the file
        numbers = np.where((numbers >= 0) & (numbers <= 100), numbers, np.nan)
        sums = numbers[:, 1:] if total else numbers
        added = np.where(np.isfinite(sums).any(axis=1), np.nansum(sums, axis=1), np.nan) if sums.size else np.nan
        out[group] = np.where(np.isfinite(numbers[:, 0]), numbers[:, 0], added) if total else added
    return pd.DataFrame(out, index=pd.Index(part["Sample_ID"], name="sample"))
