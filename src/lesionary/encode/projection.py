"""Features in two dimensions, to look at."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lesionary.cohort.columns import LESION
from lesionary.encode.features import FeaturesError, feature_columns

_COMPONENTS = 50
"""Principal components that t-SNE sees: it gains nothing from more, and takes longer."""

_PERPLEXITY = 30.0
_FEW = 300


def project_features(features: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Project features to a plane, by PCA and by t-SNE.

    Parameters
    ----------
    features : DataFrame
        ``lesion_id`` and the columns that :func:`feature_columns` names. Each is brought to
        mean 0 and variance 1 first.
    seed : int
        Of t-SNE, which starts from the PCA. Its perplexity is 30, less in small tables.

    Returns
    -------
    DataFrame
        ``lesion_id, pca_1, pca_2, tsne_1, tsne_2``. ``.attrs["explained"]`` is the share of the
        variance along ``pca_1`` and ``pca_2``. Distances mean something in PCA; in t-SNE only
        who is near whom does.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame(rng.normal(size=(12, 5))).add_prefix("x_")
    >>> table.insert(0, "lesion_id", [f"L{i}" for i in range(12)])
    >>> project_features(table).shape
    (12, 5)
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from sklearn.preprocessing import StandardScaler

    values = features[feature_columns(features)]
    if len(values) < 4 or values.shape[1] < 2:
        raise FeaturesError(
            f"A projection needs at least 4 lesions and 2 features, not {len(values)} and "
            f"{values.shape[1]}."
        )
    array = values.to_numpy(np.float64)
    if not np.isfinite(array).all():
        rows = features.loc[~np.isfinite(array).all(axis=1), LESION].tolist()
        raise FeaturesError(f"Features of {rows[:5]} are missing or infinite: leave them out.")
    scaled = StandardScaler().fit_transform(array)
    count = min(_COMPONENTS, *scaled.shape)
    pca = PCA(count, svd_solver="full" if min(scaled.shape) < 500 else "randomized", random_state=0)
    components = pca.fit_transform(scaled)
    perplexity = min(_PERPLEXITY, (len(values) - 1) / 3)
    # The fast method is the slower one for few points, by far where its threads share a core.
    method = "exact" if len(values) <= _FEW else "barnes_hut"
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed, method=method)
    places = tsne.fit_transform(components)
    projection = pd.DataFrame(
        {
            LESION: features[LESION].to_numpy(),
            "pca_1": components[:, 0],
            "pca_2": components[:, 1],
            "tsne_1": places[:, 0].astype(np.float64),
            "tsne_2": places[:, 1].astype(np.float64),
        }
    )
    projection.attrs["explained"] = pca.explained_variance_ratio_[:2].tolist()
    return projection
