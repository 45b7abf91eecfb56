"""`python -m evaldrop` is `evaldrop`."""

import sys

from evaldrop.cli import main

sys.exit(main())
