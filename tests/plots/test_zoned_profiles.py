"""Zones along a column, and measured minerals beside the bands of a model."""

import numpy as np
import pandas as pd
import pytest

from lib import plots

X = np.linspace(0.5, 9.5, 10)


def stacked():
    parts = [
        pd.DataFrame({"duration": t, "mineral": m, "distance": X, "share": share})
        for t in (10, 40)
        for m, share in (("Tlc", np.where(X < 4, 90.0, 0.0)), ("Srp", np.where(X < 4, 10.0, 100.0)))
    ]
    return pd.concat(parts, ignore_index=True)


def measured():
    frame = stacked().rename(columns={"mineral": "observable", "share": "median"})
    return frame.assign(lo95=frame["median"] - 2, hi95=frame["median"] + 2, value=frame["median"] + 1, error=1.0)


def test_layers_add_up_and_zones_are_named_where_they_are():
    axes = plots.zoned_profile(stacked(), names={"Tlc": "talc"}, panel_text="{:g} h", n="artificial")
    assert [ax.get_title(loc="left") for ax in axes] == ["10 h", "40 h"]
    # the upper layer ends at 100 everywhere
    top = axes[0].collections[-1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(100) and axes[0].get_ylim() == pytest.approx((0, 100))
    where = {text.get_text(): text.get_position()[0] for text in axes[0].texts}
    assert where["talc"] < 4 < where["Srp"]
    assert [text.get_text() for text in axes[0].figure.legends[0].get_texts()] == ["talc", "Srp"]


def test_what_cannot_be_stacked_is_refused():
    with pytest.raises(ValueError, match="below zero"):
        plots.zoned_profile(stacked().assign(share=-1.0))
    with pytest.raises(ValueError, match="no row of 'Brc'"):
        plots.zoned_profile(stacked(), kinds=["Brc"])
    with pytest.raises(ValueError, match="lacks column"):
        plots.zoned_profile(stacked().drop(columns="share"))


def test_a_panel_a_mineral_and_a_colour_a_run():
    truth = measured().drop(columns=["median", "lo95", "hi95"])
    frame = measured()
    frame.loc[0, "value"] = np.nan  # not measured
    axes = plots.mineral_profiles(frame, truth, names={"Tlc": "talc"}, series_text="{:g} h")
    assert [ax.get_title(loc="left") for ax in axes] == ["talc", "Srp"]
    assert axes[1].get_title(loc="right") == "39 numbers"
    words = {text.get_text() for text in axes[0].figure.legends[0].get_texts()}
    assert words == {"10 h: model, 95 %", "40 h: model, 95 %", "10 h: measured", "40 h: measured", "known answer"}
    solid = [line for line in axes[0].lines if line.get_linestyle() == "-" and len(line.get_xdata()) == len(X)]
    assert len({line.get_color() for line in solid}) == 2
    with pytest.raises(ValueError, match="lacks column"):
        plots.mineral_profiles(frame.drop(columns="lo95"))


def test_reactions_are_no_oxides():
    assert plots.formula("R2") == "R2" and plots.formula("Rb2O") == "Rb$_2$O" and plots.formula("H2O") == "H$_2$O"
