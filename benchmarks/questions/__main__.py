"""``python -m benchmarks.questions``: this family alone."""

import sys

from benchmarks.__main__ import main

sys.exit(main(["questions"]))
