"""Reviews: who is asked to score a case, what they may see of it, and what their scores come to.

What others build upon is `ranking.ranking` (the ordered rows of a stage), `ranking.score_of` (one
case) and button conditions over scores (`scoreclauses`); these stay as they are. Reviewers reach
their own reviews (`Review.objects.for_user`) and never, by that, the case itself.
"""
