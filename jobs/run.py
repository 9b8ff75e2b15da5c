"""spark-submit entry: `spark-submit --packages … jobs/run.py [DATABASE or DATASET…]`; the pipeline in this driver's own session."""

import os
import sys

from yishu.cli import main

if __name__ == "__main__":
    os.environ.setdefault("YISHU_SPARK_MODE", "local")
    main(["run", *sys.argv[1:]])
