"""What the page of a report needs beside the style of the HTML view: its rules begin with .nparams as those do."""

STYLE = """\
.nparams h1{margin:0;font-size:1.15em;font-weight:500;line-height:1.5;overflow-wrap:anywhere}
.nparams .np-answer b{overflow-wrap:anywhere}
.nparams h2{margin:2em 0 .5em;font-size:1.2em;font-weight:650;letter-spacing:-.01em}
.nparams h2+p{margin:-.3em 0 .6em}
.nparams h3{margin:.9em 0 .1em;font-size:1em;font-weight:600;overflow-wrap:anywhere}
.nparams h3 span{font-weight:400;opacity:.72}
.nparams dl.np-asked{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26em,100%),1fr));gap:.8em;
margin:1.2em 0 0}
.nparams dl.np-asked>div{padding:.75em 1em .85em;border:1px solid var(--np-line);border-radius:8px}
.nparams dl.np-asked dt{font-weight:600;opacity:1;margin-bottom:.25em}
.nparams dl.np-asked dd{margin:.15em 0 0;overflow-wrap:anywhere}
.nparams dl.np-asked dd+dd{opacity:.8}
.nparams .np-picture{margin:0 0 .3em}
.nparams .np-picture svg{display:block}
.nparams .np-small{display:none}
.np-svg .np-edge{stroke:var(--np-paper);stroke-width:1}
.nparams .np-table .np-bar{min-width:8em;width:14em;vertical-align:middle}
.nparams .np-table .np-bar b{display:block;height:.55em;background:var(--np-w);border-radius:3px;min-width:1px}
.nparams .np-table td.np-wide,.nparams .np-table th.np-wide{min-width:14em}
.nparams ul.np-told li{margin:.15em 0 .35em;overflow-wrap:anywhere}
.nparams ul.np-told code{font-size:.93em}
.nparams ul.np-told span{display:block;opacity:.8}
.nparams bdi{unicode-bidi:isolate}
@container (max-width:46em){
.nparams .np-large{display:none}
.nparams .np-small{display:block}
.nparams .np-table th,.nparams .np-table td{padding-right:.6em}
.nparams .np-table .np-bar{display:none}}"""
