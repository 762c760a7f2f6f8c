"""Snooker update of ter Braak and Vrugt (2008) [1]_ as a move of emcee.

emcee 3.1.6 ships a `DESnookerMove` of its own which does not leave the target invariant: it divides the direction by the
root of its length instead of the length, and takes half the logarithm of the Jacobian.  Mixed 7 : 3 with its (correct)
DEMove, on standard normal targets, it gives variances of 0.94, 0.86, 0.77 and 0.68 in 2, 3, 5 and 10 dimensions instead
of 1.  The test of this module holds ours against 1.

References
----------
.. [1] ter Braak, C.J.F., Vrugt, J.A. (2008) Differential evolution Markov chain with snooker updater and fewer chains.
       Stat. Comput. 18, 435-446: eqs. 4 and 5.
"""

import numpy as np
from emcee.moves import RedBlueMove

__all__ = ["SnookerMove"]


class SnookerMove(RedBlueMove):
    """Jump along the line to another walker, by the projected difference of two more.

    Parameters
    ----------
    gamma : float
        Length of the jump; 1.7 is the authors' choice.
    **kwargs
        Passed to emcee's RedBlueMove.
    """

    def __init__(self, gamma=1.7, **kwargs):
        self.gamma = gamma
        super().__init__(**kwargs)

    def get_proposal(self, s, c, random):
        """New places of the walkers `s`, from the others `c`.

        Parameters
        ----------
        s : array, shape (n, d)
        c : list of array, shape (m, d)
        random : numpy.random.RandomState

        Returns
        -------
        proposal : array, shape (n, d)
        log_factor : array, shape (n,)
            Logarithm of the Jacobian, (d - 1) ln(|new - z| / |old - z|), eq. 5.
        """
        others = np.concatenate(c)
        new, log_factor = s.copy(), np.full(len(s), -np.inf)
        for i, old in enumerate(s):
            z, a, b = others[random.choice(len(others), 3, replace=False)]
            distance = np.linalg.norm(old - z)
            if distance == 0:
                continue
            along = (old - z) / distance
            new[i] += self.gamma * along * (along @ (a - b))
            moved = np.linalg.norm(new[i] - z)
            if moved > 0:
                log_factor[i] = (s.shape[1] - 1) * np.log(moved / distance)
        return new, log_factor
