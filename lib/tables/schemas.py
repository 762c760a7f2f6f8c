"""What a case expects of a table: columns, units, roles, and the rule for analytes (no heavy import)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .names import TO_WT, UNITS

KINDS = ("id", "text", "category", "number")


@dataclass(frozen=True)
class Column:
    """One declared column.

    Parameters
    ----------
    name : str
        Column name; a number's name ends in its unit.
    kind : {"id", "text", "category", "number"}
        An id is required, never empty and never repeated.
    title, description : str
        A few words, and one sentence, for help texts.
    unit : str
        One of `names.UNITS`; numbers only.
    required : bool
        The column must be there, and each of its cells filled.
    filled : bool
        An optional column of text that, where it is there, must be filled in every row.
    range : tuple of float or None
        Smallest and largest allowed number, both included.
    values : tuple of str
        Allowed words of a category.
    at_least : dict
        Smallest number of rows of a category value, such as ``{"fresh": 1}``: the roles without which the case cannot run.
    role : str
        What the method uses the column for (free word, shown in help texts).
    allow_sentinels : bool
        True where -99, -999 and -9999 can be real measurements.
    """

    name: str
    kind: str
    title: str = ""
    description: str = ""
    unit: str = ""
    required: bool = False
    filled: bool = False
    range: tuple | None = None
    values: tuple = ()
    at_least: dict = field(default_factory=dict)
    role: str = ""
    allow_sentinels: bool = False


@dataclass(frozen=True)
class AnalyteRule:
    """What holds for all columns ``<analyte>_<unit>`` that are not declared one by one.

    Parameters
    ----------
    units : tuple of str
        Units allowed.
    minimum : int
        Smallest number of analytes with at least one value; where concentrations by mass are taken, only these count.
    censored, zero, errors : bool
        Whether ``<0.05``, the number zero, and columns ``_err`` are allowed.
    any_name : bool
        Whether names that are no oxide, element or volatile are taken too, such as minerals and dissolved species.
    same_element : bool
        Whether one element may be given twice (two units, or oxide and element).
    totals : bool
        Whether the sums of whole-rock analyses are checked.
    range : dict
        Smallest and largest value for a unit; a default holds for concentrations.
    description : str
        One sentence for help texts.
    """

    units: tuple = ("wt", "ppm", "ppb")
    minimum: int = 0
    censored: bool = True
    zero: bool = False
    errors: bool = True
    any_name: bool = False
    same_element: bool = False
    totals: bool = True
    range: dict = field(default_factory=dict)
    description: str = ""

    def limits(self, unit):
        """Return (smallest, largest) allowed value in a unit, or None."""
        default = (0.0, 100.0 / TO_WT[unit]) if unit in TO_WT else None
        return tuple(self.range[unit]) if unit in self.range else default


@dataclass(frozen=True)
class Schema:
    """The columns of a case.

    Parameters
    ----------
    stem : str
        Name of the case.
    title, description : str
        For help texts.
    columns : dict of str to Column
        Declared columns.
    analytes : AnalyteRule or None
        None when the case takes declared columns only.
    check : str
        ``module:function`` of the case's own check, or empty.
    external : tuple of str
        Keys of external tables that the case uses.
    mandatory_diagnostics : tuple of str
        Headline diagnostics that a run must record.
    open : bool
        True for the schema used when none is given: unknown columns are kept as text.
    """

    stem: str
    title: str = ""
    description: str = ""
    columns: dict = field(default_factory=dict)
    analytes: AnalyteRule | None = None
    check: str = ""
    external: tuple = ()
    mandatory_diagnostics: tuple = ()
    open: bool = False

    @property
    def id_column(self):
        """Name of the id column, or None."""
        return next((c.name for c in self.columns.values() if c.kind == "id"), None)


#: Used when a table is read without a schema: sample ids and analytes are known, everything else is text.
OPEN = Schema(
    "",
    columns={"sample_id": Column("sample_id", "id", "sample")},
    analytes=AnalyteRule(units=tuple(UNITS), same_element=True),
    open=True,
)
