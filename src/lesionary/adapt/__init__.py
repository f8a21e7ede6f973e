"""Fit: from a table of features to a small model, learnt on the training rows only.

Works on tables, of our features or of anybody's. What a model needs to be used again
(columns, scaling, encoder, versions) is saved with it, and no code runs when it is read.
"""
