"""The style of the picture: every rule begins with .np-svg, every colour is a property that a page may set.

Weights are blue and biases orange, as in the HTML view.  What carries text is light in a light picture and dark in a
dark one, so that each text has a contrast of 4.5 at least.
"""

from __future__ import annotations

LIGHT = (
    "--np-paper:#fff;--np-ink:#1c2127;--np-soft:#57606a;--np-line:#c9d0d8;--np-w:#4a87c9;--np-b:#d5822b;"
    "--np-wt:#23609f;--np-bt:#94500c;--np-tone0:#a8c8ea;--np-tone1:#c9def3;--np-tone2:#8eb7e3;--np-tone3:#dfeaf6;"
    "--np-tone-b:#f2bd83;--np-band:rgba(16,38,64,.13)"
)
DARK = (
    "--np-paper:#14171a;--np-ink:#e8ebee;--np-soft:#a4adb7;--np-line:#3d454e;--np-w:#5b96d6;--np-b:#dd8e3c;"
    "--np-wt:#8fbdec;--np-bt:#f0ac68;--np-tone0:#2a5688;--np-tone1:#20426a;--np-tone2:#35679f;--np-tone3:#1b344f;"
    "--np-tone-b:#8a5118;--np-band:rgba(0,0,0,.3)"
)

#: what a picture of its own brings along, and a page for all of its pictures
STYLE = f"""\
.np-svg{{{LIGHT};max-width:100%;height:auto;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",
Arial,sans-serif;font-size:14px;font-variant-numeric:tabular-nums}}
@media (prefers-color-scheme:dark){{.np-svg{{{DARK}}}}}
.np-svg text{{fill:var(--np-ink)}}
.np-svg .np-paper{{fill:var(--np-paper)}}
.np-svg .np-mono{{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.95em}}
.np-svg .np-strong{{font-weight:650}}
.np-svg .np-soft{{fill:var(--np-soft)}}
.np-svg .np-wt{{fill:var(--np-wt)}}
.np-svg .np-bt{{fill:var(--np-bt)}}
.np-svg .np-var{{font-family:"Latin Modern Math","STIX Two Text",Cambria,Georgia,"Times New Roman",serif;
font-style:italic;font-size:1.08em}}
.np-svg .np-low{{font-size:.76em}}
.np-svg .np-low.np-var{{font-size:.82em}}
.np-svg text,.np-svg tspan{{unicode-bidi:isolate}}
.np-svg .np-edges{{fill:none;stroke:var(--np-w)}}
.np-svg .np-node{{fill:var(--np-paper);stroke:var(--np-ink);stroke-width:1.4}}
.np-svg .np-input{{stroke:var(--np-soft)}}
.np-svg .np-bias,.np-svg .np-bias-bar{{fill:var(--np-b)}}
.np-svg .np-dot{{fill:var(--np-soft)}}
.np-svg .np-rule{{fill:none;stroke:var(--np-line)}}
.np-svg .np-weight-bar{{fill:var(--np-w)}}
.np-svg .np-unknown{{fill:none;stroke:var(--np-soft);stroke-dasharray:4 3}}
.np-svg .np-tone0{{fill:var(--np-tone0)}}
.np-svg .np-tone1{{fill:var(--np-tone1)}}
.np-svg .np-tone2{{fill:var(--np-tone2)}}
.np-svg .np-tone3{{fill:var(--np-tone3)}}
.np-svg .np-tone-b{{fill:var(--np-tone-b)}}
.np-svg .np-cut{{fill:none;stroke:var(--np-paper)}}
.np-svg .np-band{{fill:var(--np-band)}}
.np-svg .np-over{{pointer-events:none}}
.np-svg .np-edges:hover,.np-svg .np-edges.np-lit{{stroke-opacity:1;stroke-width:1.6}}
.np-svg .np-column:hover .np-node,.np-svg .np-node.np-lit{{stroke:var(--np-b);stroke-width:2.6}}
.np-svg .np-tile:hover rect,.np-svg .np-tile.np-lit rect,.np-svg .np-block:hover rect,.np-svg .np-block.np-lit rect
{{stroke:var(--np-ink);stroke-width:1.5}}
@media (prefers-reduced-motion:no-preference){{.np-svg .np-edges{{transition:stroke-opacity .15s}}}}"""
