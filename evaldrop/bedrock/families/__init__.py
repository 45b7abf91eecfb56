"""
Model families: the bodies that models of a kind take and give, one module each behind `family.Family`.

A new family is its module, its name in `registry`, and a row of `evaldrop.evaluation.model_ids`.
"""
