"""python -m nparams"""

from nparams.cli.main import main

raise SystemExit(main())
