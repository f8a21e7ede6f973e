"""Train the encoder that comes with the package, with the objective that won ``run.py``.

    python benchmarks/objectives/phantom_tiny.py FOLDER      (or: make phantom-tiny)

Its phantoms have another seed than anybody's practice. Writes the weights and the card into the
package, with how the encoder does on the cohort of ``run.py`` (in FOLDER, made if it is not there).
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import yaml
from experiment import ENCODER, LABEL, embed, make_data, pretraining, probe
from sklearn.metrics import balanced_accuracy_score

from lesionary.encode import load_card
from lesionary.phantom import PhantomConfig, make_cohort
from lesionary.train import pretrain

OBJECTIVE, EPOCHS, PATIENTS, COHORT_SEED = "simclr", 15, 600, 20261121
CARDS = Path(__file__).resolve().parents[2] / "src/lesionary/encode/cards"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    unseen = parser.parse_args().folder
    make_data(unseen)

    folder = unseen / "phantom_tiny"
    make_cohort(folder / "cohort", PATIENTS, COHORT_SEED, PhantomConfig(size="small"), workers=2)
    config = pretraining(OBJECTIVE, 0, EPOCHS, folder)
    config["data"]["cohort"] = folder / "cohort" / "cohort.csv"
    done = pretrain({**config, "name": "phantom_tiny"}, resume=True)

    accuracy = {}
    for name, encoder in (("trained", done.encoder), ("untrained", ENCODER)):
        scores = probe(embed(encoder, 0, unseen), 100, 0, unseen)
        found = scores.filter(like="score_").idxmax(axis=1).str.removeprefix("score_")
        accuracy[name] = balanced_accuracy_score(scores["target"], found)
    print(f"Balanced accuracy for the {LABEL} on unseen phantoms: {accuracy}")

    shutil.copyfile(done.encoder / "weights.safetensors", CARDS / "phantom_tiny.safetensors")
    made = json.loads(load_card(done.encoder).model_dump_json(exclude_defaults=True))
    card = yaml.safe_load((CARDS / "phantom_tiny.yaml").read_text())
    card |= {
        "title": "A small 3D ResNet for practice, pre-trained on phantoms",
        "description": "For trying everything out offline, and for tests. Not for science. "
        + made["description"],
        "weights": {
            "path": "phantom_tiny.safetensors",
            "sha256": made["weights"]["sha256"],
            "size_bytes": made["weights"]["size_bytes"],
        },
        "training_data": f"{done.lesions} lesions of {PATIENTS} synthetic patients (seed "
        f"{COHORT_SEED}), without labels",
        "training": made["training"],
        "limits": [
            "It has never seen a real scan.",
            f"On other phantoms a linear probe tells the {LABEL} of a lesion with a balanced "
            f"accuracy of {accuracy['trained']:.2f} among eight; with the untrained network, "
            f"{accuracy['untrained']:.2f}.",
        ],
    }
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True, width=98)
    (CARDS / "phantom_tiny.yaml").write_text(text)
    print(f"Wrote {CARDS / 'phantom_tiny.yaml'} and its weights.")


if __name__ == "__main__":
    main()
