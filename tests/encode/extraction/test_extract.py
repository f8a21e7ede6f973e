"""Features of a cohort: right, in order, whatever the batch, the workers and the bad rows."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
import torch

from lesionary.cohort import read_cohort
from lesionary.encode import (
    ExtractionWarning,
    extract,
    load_card,
    read_features,
    read_provenance,
    run_extraction,
)
from lesionary.encode import prepare as prepare_module
from lesionary.errors import CohortError, EncoderError, LesionaryError
from lesionary.files import sha256
from lesionary.scan import read_scan


def values(table: pd.DataFrame) -> np.ndarray:
    return table.drop(columns="lesion_id").to_numpy()


def test_features_are_the_networks_of_each_patch_in_the_cohorts_order(cohort_csv, tiny):
    cohort = read_cohort(cohort_csv)
    encoder = tiny().eval()
    expected = []
    for row in cohort:
        patch = read_scan(cohort.image_path(row)).patch(cohort.seed_mm(row), encoder.card.input)
        with torch.inference_mode():
            expected.append(encoder(torch.from_numpy(patch)[None])[0].numpy())
    features = extract(cohort_csv, tiny())
    assert features["lesion_id"].tolist() == cohort.table["lesion_id"].tolist()
    assert features.columns.tolist() == ["lesion_id", *(f"tiny_{i}" for i in range(6))]
    assert set(features.dtypes.iloc[1:]) == {np.dtype(np.float32)}
    np.testing.assert_allclose(values(features), expected, rtol=1e-5)
    assert np.ptp(values(features), axis=0).min() > 1e-3


def test_nothing_depends_on_workers_and_hardly_anything_on_the_batch(cohort_csv, tiny):
    one = extract(cohort_csv, tiny(), workers=0, batch_size=4)
    two = extract(cohort_csv, tiny(), workers=2, batch_size=4)
    np.testing.assert_array_equal(values(one), values(two))
    alone = extract(cohort_csv, tiny(), workers=0, batch_size=1)
    np.testing.assert_allclose(values(one), values(alone), rtol=1e-5)


def test_a_cohort_in_memory_is_a_source_too(cohort_csv, tiny):
    from_file = extract(cohort_csv, tiny(), workers=0)
    cohort = read_cohort(cohort_csv)
    np.testing.assert_array_equal(values(extract(cohort, tiny(), workers=0)), values(from_file))
    part = extract(cohort.table.iloc[3:5], tiny(), root=cohort.root, workers=0)
    assert part["lesion_id"].tolist() == cohort.table["lesion_id"].tolist()[3:5]


def test_several_encoders_read_each_scan_once(cohort_csv, tiny, monkeypatch):
    reads = []
    monkeypatch.setattr(
        prepare_module, "read_scan", lambda path: reads.append(Path(path).name) or read_scan(path)
    )
    encoders = [tiny("one"), tiny("two", seed=5), tiny("three", recipe="fmcib")]
    together = extract(cohort_csv, encoders, workers=0)
    assert sorted(reads) == [f"{name}.nii.gz" for name in "abcd"]
    assert len(together.columns) == 1 + 3 * 6
    for encoder in encoders:
        alone = extract(cohort_csv, encoder, workers=0)
        pd.testing.assert_frame_equal(together[alone.columns.tolist()], alone, check_flags=False)
    with pytest.raises(LesionaryError, match="each once"):
        extract(cohort_csv, [tiny(), tiny()])


def test_bad_rows_are_set_aside_and_the_rest_is_complete(cohort_csv, tiny, tmp_path):
    whole = extract(cohort_csv, tiny(), workers=0)
    table = pd.read_csv(cohort_csv)
    good = table["lesion_id"].tolist()
    (tmp_path / "broken.nii.gz").write_bytes((tmp_path / "a.nii.gz").read_bytes()[:2000])
    (tmp_path / "no.nii.gz").write_bytes(b"this is text")
    hollow = sitk.ReadImage(str(tmp_path / "b.nii.gz"), sitk.sitkFloat32)
    hollow[20, 18, 8] = float("nan")
    sitk.WriteImage(hollow, str(tmp_path / "hollow.nrrd"))
    first = table.iloc[0].to_dict()
    hole = hollow.TransformIndexToPhysicalPoint((20, 18, 8))
    bad = {
        "gone": {"image_path": "gone.nii.gz"},
        "broken": {"image_path": "broken.nii.gz"},
        "text": {"image_path": "no.nii.gz"},
        "hollow": {
            "image_path": "hollow.nrrd",
            **dict(zip(["coordX", "coordY", "coordZ"], hole, strict=True)),
        },
        "seedless": {"coordX": float("nan")},
        "outside": {"coordZ": 500.0},
        good[1]: {"label": 5},
        "nameless": {"lesion_id": None},
    }
    rows = [{**first, "lesion_id": name, **changes} for name, changes in bad.items()]
    mixed = pd.concat([pd.DataFrame(rows[:4]), table, pd.DataFrame(rows[4:])])
    mixed.to_csv(tmp_path / "mixed.csv", index=False)

    out = tmp_path / "deep" / "features.parquet"
    with pytest.warns(ExtractionWarning, match=r"8 of 19 rows .*errors.csv"):
        features = extract(tmp_path / "mixed.csv", tiny(), out, batch_size=3)
    assert features["lesion_id"].tolist() == good
    np.testing.assert_allclose(values(features), values(whole), rtol=1e-5)
    errors = pd.read_csv(out.parent / "errors.csv", dtype={"lesion_id": str}).fillna("")
    assert errors["lesion_id"].tolist() == [*list(bad)[:-1], ""]
    assert errors["row"].tolist() == [2, 3, 4, 5, 17, 18, 19, 20]
    words = ["no file", "truncated", "cannot be read", "NaN", "empty", "outside", "another lesion"]
    for reason, word in zip(errors["reason"], [*words, "empty"], strict=True):
        assert word in reason

    # The rows are put right: only their scans are computed again, and errors.csv goes.
    table.to_csv(tmp_path / "mixed.csv", index=False)
    done = run_extraction(tmp_path / "mixed.csv", tiny(), out)
    assert done.lesions == len(good)
    assert done.computed < len(good)
    np.testing.assert_allclose(values(read_features(out)), values(whole), rtol=1e-5)
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_a_table_of_which_nothing_can_be_used(cohort_csv, tiny, tmp_path):
    table = pd.read_csv(cohort_csv)
    out = tmp_path / "f.parquet"
    with pytest.raises(LesionaryError, match=r"No row .*errors.csv says why.*no file or folder"):
        extract(table.assign(image_path="gone.nii"), tiny(), out, root=tmp_path, workers=0)
    assert len(pd.read_csv(tmp_path / "errors.csv")) == len(table)
    assert not out.exists()
    with pytest.raises(CohortError, match="image_path"):
        extract(table.drop(columns="image_path"), tiny())
    with pytest.raises(CohortError, match="no rows"):
        extract(table.iloc[:0], tiny())


def test_infinite_features_are_set_aside(cohort_csv, tiny):
    class Overflowing(tiny):
        def forward(self, patches):
            features = super().forward(patches)
            features[0, 0] = float("inf")
            return features

    with pytest.warns(ExtractionWarning, match="not finite"):
        features = extract(cohort_csv, Overflowing(), batch_size=100, workers=0)
    assert len(features) == 10
    assert np.isfinite(values(features)).all()


def test_the_seed_may_be_the_centre_of_a_mask(cohort_csv, tiny, tmp_path):
    scan = sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    mask = sitk.Image(scan.GetSize(), sitk.sitkUInt8)
    mask.CopyInformation(scan)
    mask[10:13, 20:23, 7:10] = 1
    mask[30:33, 20:23, 7:10] = 2
    sitk.WriteImage(mask, str(tmp_path / "mask.nrrd"))
    seeds = [scan.TransformIndexToPhysicalPoint(index) for index in ((11, 21, 8), (31, 21, 8))]
    shared = {"patient_id": "a", "image_path": "a.nii.gz"}
    by_seed = pd.DataFrame(
        [
            {"lesion_id": str(i), **shared, "coordX": x, "coordY": y, "coordZ": z}
            for i, (x, y, z) in enumerate(seeds)
        ]
    )
    by_mask = pd.DataFrame(
        [
            {"lesion_id": str(i), **shared, "mask_path": "mask.nrrd", "mask_label": i + 1}
            for i in range(2)
        ]
    )
    expected = extract(by_seed, tiny(), root=tmp_path, workers=0)
    features = extract(by_mask, tiny(), root=tmp_path, workers=0)
    np.testing.assert_allclose(values(features), values(expected), rtol=1e-5)
    unclear = by_mask.drop(columns="mask_label")
    with pytest.raises(LesionaryError, match="several regions"):
        extract(unclear, tiny(), root=tmp_path, workers=0)


def test_columns_as_the_published_get_features_has_them(cohort_csv, tiny, tmp_path):
    features = extract(cohort_csv, tiny(), workers=0)
    published = pd.read_csv(cohort_csv).drop(columns=["lesion_id", "patient_id"])
    published.to_csv(tmp_path / "published.csv", index=False)
    expected = pd.concat(
        [published, pd.DataFrame(values(features), columns=[f"pred_{i}" for i in range(6)])], axis=1
    )
    expected.to_csv(tmp_path / "expected.csv", index=False)
    table = extract(
        tmp_path / "published.csv", tiny(), tmp_path / "f.csv", column_style="pred", workers=0
    )
    assert (tmp_path / "f.csv").read_text() == (tmp_path / "expected.csv").read_text()
    assert table.columns.tolist() == expected.columns.tolist()
    parquet = extract(
        tmp_path / "published.csv", tiny(), tmp_path / "f.parquet", column_style="pred", workers=0
    )
    pd.testing.assert_frame_equal(parquet, expected)
    with pytest.raises(LesionaryError, match="one encoder"):
        extract(cohort_csv, [tiny("one"), tiny("two")], column_style="pred")


def test_csv_reads_back_as_it_was(cohort_csv, tiny, tmp_path):
    parquet = extract(cohort_csv, tiny(), tmp_path / "f.parquet", workers=0)
    csv = extract(cohort_csv, tiny(), tmp_path / "f.csv", workers=0)
    pd.testing.assert_frame_equal(csv, parquet)
    made = json.loads((tmp_path / "f.provenance.json").read_text())
    assert made["encoders"] == parquet.attrs["provenance"]["encoders"]
    with pytest.raises(LesionaryError, match=r"\.parquet nor in \.csv"):
        extract(cohort_csv, tiny(), tmp_path / "f.xlsx")


def test_provenance_says_how_the_table_was_made(cohort_csv, tiny, tmp_path):
    run_extraction(cohort_csv, tiny(), tmp_path / "f.parquet", workers=0, batch_size=4)
    made = read_provenance(tmp_path / "f.parquet")
    encoder = tiny()
    assert made["encoders"][0]["card_hash"] == encoder.card.hash
    assert made["encoders"][0]["weights_hash"] == encoder.weights_hash
    assert made["encoders"][0]["recipe"]["size_vox"] == [20, 20, 20]
    assert made["versions"]["torch"] == torch.__version__
    assert made["precision"] == "fp32"
    assert made["inputs"]["scans"] == 4
    assert made["inputs"]["of_lesion"]["c2"] == sha256(tmp_path / "c.nii.gz")
    assert str(tmp_path) not in json.dumps(made)


def test_bf16_is_close_to_fp32(cohort_csv, tiny):
    exact = values(extract(cohort_csv, tiny(), workers=0))
    rough = values(extract(cohort_csv, tiny(), workers=0, precision="bf16"))
    assert rough.dtype == np.float32
    assert 0 < np.abs(rough - exact).max() < 0.02 * np.abs(exact).max()


def test_bf16_that_costs_much_is_warned_of(cohort_csv, tiny):
    encoder = tiny()
    encoder.card = encoder.card.model_copy(update={"bf16_cosine": 0.99})
    extract(cohort_csv, encoder, precision="fp32", workers=0)
    with pytest.warns(ExtractionWarning, match=r"tiny in bf16: .* down to 0\.9900"):
        extract(cohort_csv, encoder, precision="bf16", workers=0)


def test_intensities_that_an_encoder_is_not_used_to_are_warned_of(cohort_csv, tiny):
    extract(cohort_csv, tiny(), recipe="lesion", workers=0)
    encoder = tiny()
    own = encoder.card.input.model_copy(update={"intensity": load_card("med3d").input.intensity})
    encoder.card = encoder.card.model_copy(update={"input": own})
    expected = r"recipe lesion scales .* -1000 to 1000 HU become 0 to 1, clipped"
    with pytest.warns(ExtractionWarning, match=expected):
        extract(cohort_csv, encoder, recipe="lesion", workers=0)


def test_a_recipe_of_ones_own(cohort_csv, tiny):
    recipe = tiny().card.input.model_copy(update={"name": "coarse", "spacing_mm": (2, 2, 2)})
    own = extract(cohort_csv, tiny(), recipe=recipe, workers=0)
    assert own.attrs["provenance"]["encoders"][0]["recipe"]["name"] == "coarse"
    assert not np.allclose(values(own), values(extract(cohort_csv, tiny(), workers=0)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "cuda:77"}, "no device 'cuda:77'"),
        ({"device": "quantum"}, "no device 'quantum'"),
        ({"weights": {"other": "w.pt"}}, "weights of"),
        ({"recipe": "nonsense"}, "no recipe"),
    ],
)
def test_wrong_options_are_said(cohort_csv, tiny, options, message):
    with pytest.raises(LesionaryError, match=message):
        extract(cohort_csv, tiny(), **options)


def test_an_unknown_encoder_and_weights_of_nobody(cohort_csv):
    with pytest.raises(EncoderError, match="no encoder 'fmcibb'"):
        extract(cohort_csv, "fmcibb")
    with pytest.raises(LesionaryError, match=r"phantom_tiny=w\.pt"):
        extract(cohort_csv, ["phantom_tiny", "fmcib"], weights="w.pt")


def test_the_shipped_encoder_by_name(cohort_csv):
    features = extract(cohort_csv, "phantom_tiny")
    assert features.shape == (11, 1 + load_card("phantom_tiny").dimension)
    assert np.isfinite(values(features)).all()


def test_a_script_needs_no_guard(cohort_csv, tmp_path):
    """Worker processes do not run the caller's script again."""
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import Tiny\nfrom lesionary.encode import extract\n"
        f"print('once', len(extract({str(cohort_csv)!r}, Tiny(), workers=1)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout == "once 11\n"
    assert done.stderr == ""


class TestPrecropped:
    """Images that are patches already."""

    @pytest.fixture
    def patches(self, tmp_path):
        """Two patches of 12 x 14 x 16 voxels (x, y, z) as files, with x stored to the right."""
        rows = []
        for name in ("p", "q"):
            voxels = np.random.default_rng(len(rows)).integers(-900, 300, (16, 14, 12))
            image = sitk.GetImageFromArray(voxels.astype(np.int16))
            image.SetDirection((-1, 0, 0, 0, 1, 0, 0, 0, 1))
            sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
            rows.append({"lesion_id": name, "image_path": f"{name}.nii.gz"})
        return pd.DataFrame(rows)

    @staticmethod
    def expected(array: np.ndarray) -> np.ndarray:
        """Scale, and pad with air on both sides to 20 voxels."""
        scaled = (array.astype(np.float32) + 1024) / 3072
        pad = [((20 - n) // 2, 20 - n - (20 - n) // 2) for n in array.shape]
        return np.pad(scaled, pad)

    def test_axes_are_turned_as_the_recipe_says(self, patches, tiny, tmp_path):
        array = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "p.nii.gz")))
        scan = read_scan(tmp_path / "p.nii.gz")
        patch = prepare_module.whole_patch(scan, tiny().card.input)
        assert patch.shape == (1, 20, 20, 20)
        np.testing.assert_allclose(patch[0], self.expected(array[:, :, ::-1]), atol=1e-6)

    def test_the_published_order_of_axes(self, patches, tiny, tmp_path):
        array = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "p.nii.gz")))
        scan = read_scan(tmp_path / "p.nii.gz")
        patch = prepare_module.whole_patch(scan, tiny(recipe="fmcib").card.input)
        np.testing.assert_allclose(patch[0], self.expected(array.transpose(2, 1, 0)), atol=1e-6)

    def test_extract_takes_them_without_seeds(self, patches, tiny, tmp_path):
        features = extract(patches, tiny(), root=tmp_path, precropped=True, workers=0)
        encoder = tiny().eval()
        for i, name in enumerate(("p", "q")):
            patch = prepare_module.whole_patch(
                read_scan(tmp_path / f"{name}.nii.gz"), encoder.card.input
            )
            with torch.inference_mode():
                direct = encoder(torch.from_numpy(patch)[None])[0].numpy()
            np.testing.assert_allclose(values(features)[i], direct, rtol=1e-5)

    def test_a_patch_that_is_too_large_is_set_aside(self, patches, tiny, cohort_csv, tmp_path):
        mixed = pd.concat([patches, pd.DataFrame([{"lesion_id": "a", "image_path": "a.nii.gz"}])])
        with pytest.warns(ExtractionWarning, match=r"16 x 36 x 40 voxels.*20 x 20 x 20"):
            features = extract(mixed, tiny(), root=tmp_path, precropped=True, workers=0)
        assert features["lesion_id"].tolist() == ["p", "q"]


def test_no_warning_where_nothing_is_wrong(cohort_csv, tiny):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        extract(cohort_csv, tiny(), workers=0)
    assert not [path for path in cohort_csv.parent.iterdir() if "parts" in path.name]
