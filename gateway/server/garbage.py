"""How often Python looks for cycles among what is thrown away."""

import gc

_THRESHOLDS = (100_000, 20, 20)


def reduce_collections() -> None:
    """Have it look seldom, and never at what is there by now.

    The schema alone makes each look expensive. What an answer or a batch is made of is gone when that is done: to
    look for cycles in it time and again finds none, and took a fifth of the time of an import.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
