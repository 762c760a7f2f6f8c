"""Names of features of a search, typeset: elements, ratios, powers, roots, products and interaction parameters."""

import re
import textwrap

from lib.plots.labels import formula

__all__ = ["term_label"]


def term_label(name):
    """Typeset the name of a feature or of a thermodynamic term.

    Parameters
    ----------
    name : str
        ``H2O``, ``H2O^2``, ``sqrtH2O`` or ``sqrt(H2O)``, ``SiO2*H2O``, ``W_MgO_SiO2``, ``Th/U``, ``Eu/Eu*``; other text is
        returned as it is,
        word by word.

    Returns
    -------
    str
        With matplotlib's mathtext.

    Examples
    --------
    >>> term_label("H2O^2")
    '(H$_2$O)$^2$'
    >>> term_label("SiO2*H2O")
    'SiO$_2$·H$_2$O'
    """
    text = str(name)
    if pair := re.fullmatch(r"W[_(\[]([A-Z]\w*?)[_,; ]+([A-Z]\w*)[)\]]?", text):
        return f"$W$({formula(pair[1])}–{formula(pair[2])})"
    factors = re.split(r"(?<=[\w)])\s*\*\s*(?=[A-Za-z√])", text)  # not the star of Eu/Eu*
    if len(factors) > 1:
        return "·".join(term_label(one) for one in factors)
    if " " in text or text.endswith((",", ";", ":")):  # words: one by one, without what ends them
        ends = [re.fullmatch(r"(.*?)([,;:]*)", word) for word in text.split(" ")]
        return " ".join(term_label(end[1]) + end[2] for end in ends)
    if power := re.fullmatch(r"(.+?)(?:\^|\*\*)(\d+(?:\.\d+)?)", text):
        base = formula(power[1])
        mark = f"$^{power[2]}$" if len(power[2]) == 1 else f"$^{{{power[2]}}}$"
        return (base if re.fullmatch(r"[A-Z][a-z]?", base) else f"({base})") + mark
    if root := re.fullmatch(r"sqrt_?\(?([A-Z]\w*)\)?", text):
        return "√" + formula(root[1])
    return formula(text)


def wrapped(name, width=14):
    """Return a class name on as few lines of at most `width` letters as it needs, of like length, broken at spaces."""

    def lines(letters):
        return textwrap.wrap(str(name), letters, break_long_words=False)

    fewest = len(lines(width))
    while width > 1 and len(lines(width - 1)) == fewest:
        width -= 1
    return "\n".join(lines(width)) or str(name)
