"""How long 1,218 features of 149 tumours take to explore (aim: under 20 s, imports included).

    python benchmarks/explore.py [--data FOLDER] [--out FOLDER]

The tables are those of the precision-medicine-toolbox (`tables/lung1` of the real test data, see
CONTRIBUTING.md), written as CSV first, which is not counted. Prints the seconds of each step and
what was found; exits 1 over the limit.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 20
ROOT = Path(__file__).resolve().parents[1]

parser = argparse.ArgumentParser()
shared = os.environ.get("LESIONARY_TEST_DATA", ROOT.parent / "shared" / "data")
parser.add_argument("--data", type=Path, default=Path(shared))
parser.add_argument("--out", type=Path, default=None)
options = parser.parse_args()
out = options.out or Path(tempfile.mkdtemp())


def write_csv() -> None:
    import pandas as pd

    folder = options.data / "tables" / "lung1"
    features = pd.read_excel(folder / "extracted_features_full.xlsx")
    features.insert(0, "PatientID", features["Patient"].str[:9])
    clinical = pd.read_excel(folder / "extended_clinical_df.xlsx").drop(columns="Unnamed: 0")
    out.mkdir(parents=True, exist_ok=True)
    features.to_csv(out / "features.csv", index=False)
    clinical.to_csv(out / "clinical.csv", index=False)


if os.fork() == 0:  # another process, so that importing pandas is counted below
    write_csv()
    os._exit(0)
if os.wait()[1]:
    sys.exit("The tables could not be read.")

marks = [("", time.perf_counter())]
from lesionary.evaluate.explore import explore, read_feature_rows
from lesionary.study.explore import write_exploration

marks.append(("import", time.perf_counter()))
rows = read_feature_rows(
    out / "features.csv",
    out / "clinical.csv",
    on="PatientID",
    label="1yearsurvival",
    volume="original_shape_MeshVolume",
)
marks.append(("read and join", time.perf_counter()))
found = explore(rows)
marks.append(("explore", time.perf_counter()))
written = write_exploration(found, out / "explored.html", source="features.csv")
marks.append(("page and CSV", time.perf_counter()))

for (_, before), (name, after) in itertools.pairwise(marks):
    print(f"{name:14} {after - before:6.2f} s")
total = marks[-1][1] - marks[0][1]
print(f"{'all':14} {total:6.2f} s of wall clock, {time.process_time():.2f} s of CPU")
statistics = found.statistics
print(
    f"\n{len(statistics):,} features, {len(rows)} rows of {rows.patients} patients; "
    f"p < 0.05 after FDR {int((statistics['p_fdr'] < 0.05).sum())}, after Bonferroni "
    f"{int((statistics['p_bonferroni'] < 0.05).sum())}; {found.clusters.count} clusters; "
    f"{int(statistics['stands_for_volume'].sum())} stand for volume; page "
    f"{written.page.stat().st_size / 1e6:.1f} MB"
)
for result in found.volume:
    print(f"volume alone: {result}")
sys.exit(total > LIMIT_S)
