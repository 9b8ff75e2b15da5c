"""Yishu 一数: one data, one source, one standard. The map, in reading order:

0. `errors`, `settings`   what can go wrong, said once · places and sizes
1. `contract`    what a dataset IS: the model, read from `schemas/`, checked and bound together
2. `derive`      what FOLLOWS from it, as plain data: Spark types, suites, masks, tasks, catalogue entries
3. `lake`        the only I/O: places (folders or buckets), drop zone, session, server, tables, ledger
4. `quality`     suites at work: GX's conditions in one pass, the standards, results and Data Docs
5. `flow`        how data MOVES: start with `flow/pipeline.py`, the table of contents
6. `sample`      the believable province: extracts as the departments would send them, and what was planted
7. `cli`, `orchestrate`   the doors: the command line (`commands/`) and Airflow's DAGs, whose tasks call `steps` and which
   `arrival_trigger` wakes; `stack` (Airflow here, asked through `rest`), `local_store` (an object store here), both by way of
   `processes`, `local_stack` (`make run`) and `diagnosis` (`yishu doctor`) stand behind them

An import only points from a later line to an earlier one.
"""
