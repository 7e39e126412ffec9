"""What evaluators read artifacts with: sent into the evaluator's jail as the package `artifacts`.

Never imported by the judge or the web: each module belongs to one family of formats and treats every file as
hostile. A file that cannot be used raises `artifacts.running.Unusable` with a sentence for the candidate.
"""
