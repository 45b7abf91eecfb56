"""
What a run imports: once, by the process that the local API's runs are forked from.

It must have one thread, as every process that is forked. So what begins others stays out: pyarrow (and the
report with it), whose allocator does as it is imported, event loops, HTTP clients; and OpenBLAS is told to
make none.
"""

import gc
import os

# Before numpy. A run is forked with the server's own environment.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import evaldrop.api.worker
import evaldrop.bedrock.opening
import evaldrop.bedrock.simulated.answer_key
import evaldrop.evaluation.prices
import evaldrop.running.workflow
import evaldrop.statistics.grouping
import evaldrop.statistics.intervals
import evaldrop.store.sqlite
from evaldrop.running.handlers import import_first_handlers

import_first_handlers()
evaldrop.running.workflow.state_machine()
# What a run inherits need not be looked through for cycles, which would copy every page of it.
gc.freeze()
