import sys

from config.local.launcher import main

sys.exit(main())
