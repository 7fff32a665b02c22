"""`python -m tashika.cli`."""

import sys

from tashika.cli.main import main

sys.exit(main())
