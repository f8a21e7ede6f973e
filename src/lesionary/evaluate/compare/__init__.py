"""Is one better than the other? Paired tests of models that judged the same rows."""
