"""Scoring of data sets larger than memory: Parquet parts in, Parquet parts out, any engine between.

The work is cut into tasks that share nothing but a folder: *spread* sends each item's identity and moment
to the bucket of its party, *past* works out what was known of the parties of a bucket, *score* makes
features, margins and attributions of one part. Every task writes under a hidden name and renames at its
end, so a task is done or not begun; an interrupted run goes on with the tasks that are not done. Rows do
not depend on the engine, the number of processes or the memory allowed, so the bytes do not either.
"""

from risk.batch.engines import Engine, cluster, joblib_on, processes, serial
from risk.batch.plan import GIGABYTE, Plan, make_plan, memory_bytes
from risk.batch.run import Means, Progress, Scored, score_data_set

__all__ = [
    "Engine",
    "GIGABYTE",
    "Means",
    "Plan",
    "Progress",
    "Scored",
    "cluster",
    "joblib_on",
    "make_plan",
    "memory_bytes",
    "processes",
    "score_data_set",
    "serial",
]
