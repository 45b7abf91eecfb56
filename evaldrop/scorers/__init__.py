"""
Scorers of one's own: code that scores responses, in a run on one machine and on AWS.

    from evaldrop.scorers import Record, Response, Score

    def brevity(record: Record, response: Response) -> Score:
        words = len(response.text.split())
        return Score(min(1.0, 60 / max(words, 1)), note=f"{words} words")

    handler = as_lambda(brevity)    # the same scorer as a Lambda function

An evaluation names it by `metrics: [{python: my_scorers:brevity}]`. Nothing here needs a package: a function
that carries evaldrop for its scorer alone stays small.
"""

from evaldrop.scorers.handlers import as_lambda
from evaldrop.scorers.views import Record, Response, Score, Scorer

__all__ = ["Record", "Response", "Score", "Scorer", "as_lambda"]
