"""The page of nparams, built: `nparams serve` shows what lies in `site`; any host that serves files can."""
