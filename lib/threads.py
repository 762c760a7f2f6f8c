"""One thread a task: numerical libraries that start threads of their own are held back while tasks run.

Several processes with several threads each are slower than several processes alone, and sums that are split over threads
differ in their last digits from machine to machine.
"""

import sys
import threading

__all__ = ["one_thread"]


class _OneThread:
    """Context manager; may be entered by several threads at once, and again inside itself.

    The limit belongs to the process, not to a thread: with several tasks at once (a dask worker with threads) the first
    sets it and only the last one lifts it.
    """

    def __init__(self):
        self.lock, self.inside, self.modules, self.controller = threading.Lock(), 0, -1, None
        self.numba = threading.local()  # numba counts its pool per thread, and threadpoolctl does not know it

    def __enter__(self):
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self._look()
                self.limit = self.controller.limit(limits=1)
        numba = sys.modules.get("numba")
        earlier = getattr(self.numba, "earlier", [])
        self.numba.earlier = [*earlier, numba.get_num_threads() if hasattr(numba, "get_num_threads") else None]
        if self.numba.earlier[-1] is not None:
            numba.set_num_threads(1)

    def __exit__(self, *_):
        before = self.numba.earlier.pop()
        if before is not None:
            sys.modules["numba"].set_num_threads(before)
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                self.limit.restore_original_limits()

    def _look(self):
        # Finding the libraries costs milliseconds, so it is repeated only when something new was imported.
        if len(sys.modules) != self.modules:
            from threadpoolctl import ThreadpoolController

            self.controller, self.modules = ThreadpoolController(), len(sys.modules)


one_thread = _OneThread()
