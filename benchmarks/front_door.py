"""How long `import lesionary` and `lesionary --help` take (aim: under 0.5 s each).

    python benchmarks/front_door.py

Prints the best of seven cold starts; exits 1 if one is over the limit. Not a unit test, for
a time depends on what else the machine does: run it on a quiet one.
"""

import subprocess
import sys
import time

LIMIT_S = 0.5
STARTS = 7
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import lesionary": ["-c", "import lesionary"],
    "lesionary --help": ["-m", "lesionary", "--help"],
}


def seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


best = {name: min(seconds(words) for _ in range(STARTS)) for name, words in COMMANDS.items()}
for name, value in best.items():
    print(f"{name:20} {value:.3f} s")
sys.exit(max(best.values()) > LIMIT_S)
