"""The style of the HTML view.

Every rule begins with .nparams, so that it touches nothing else on a page, and several outputs on one page agree.
Text takes the colour of the page that it stands on, lines are a see-through grey, and the two colours of the bars can
be told from a white and from a black page: a notebook's theme need not be known.  The rules ask for the width of their
own container, since a cell of a notebook has its own.
"""

from __future__ import annotations

#: what a fragment brings along
STYLE = """\
.nparams{--np-w:#4a87c9;--np-b:#d5822b;--np-line:rgba(128,128,128,.28);--np-hover:rgba(128,128,128,.1);
container-type:inline-size;box-sizing:border-box;max-width:76em;padding:.5em .2em;text-align:left;
font:13px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums;color:var(--jp-content-font-color1,var(--vscode-editor-foreground,inherit))}
.nparams *{box-sizing:border-box}
.nparams p,.nparams ul{margin:0;padding:0;list-style:none}
.nparams code,.nparams .np-name{
font:500 .96em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;
color:inherit;background:none;padding:0;border:0;overflow-wrap:anywhere}
.nparams i{font:italic 1.08em/1 "Latin Modern Math","STIX Two Text",Cambria,Georgia,"Times New Roman",serif;
padding-right:.06em}
.nparams sub{font-size:.76em;line-height:0;vertical-align:-.28em}
.nparams .np-dim,.nparams .np-kind,.nparams .np-ends,.nparams .np-how,.nparams .np-unit,.nparams .np-copies
{opacity:.72}
.nparams .np-from{overflow-wrap:anywhere}
.nparams p.np-from code{background:none;padding:0}
.nparams .np-answer{margin:.35em 0 .1em;font-size:2.1em;font-weight:650;line-height:1.2;letter-spacing:-.015em}
.nparams .np-answer span{font-size:.5em;font-weight:450;letter-spacing:0;opacity:.8}
.nparams .np-split{display:flex;gap:2px;height:8px;margin:.55em 0 .5em;border-radius:4px;overflow:hidden}
.nparams .np-split b{display:block;min-width:3px}
.nparams .np-key b{display:inline-block;width:.72em;height:.72em;margin-right:.4em;border-radius:2px}
.nparams .np-key span{margin-right:1.3em;white-space:nowrap}
.nparams .np-w{background:var(--np-w)}
.nparams .np-b{background:var(--np-b)}
.nparams dl{display:grid;grid-template-columns:max-content 1fr;gap:.25em 1em;margin:.5em 0 0}
.nparams dt{opacity:.72;font-weight:400}
.nparams dd{margin:0;overflow-wrap:anywhere}
.nparams ul.np-list.np-list{margin:.55em 0 0;padding:0}
.nparams ul.np-list li{margin:.1em 0;padding-left:.9em;text-indent:-.9em;overflow-wrap:anywhere}
.nparams ul.np-list li::before{content:"·";display:inline-block;width:.9em;text-indent:0;opacity:.72}
.nparams .np-tree{margin-top:1.1em;border-top:1px solid var(--np-line);border-bottom:1px solid var(--np-line)}
.nparams .np-line{display:grid;grid-template-columns:minmax(0,1fr) var(--np-cols);gap:0 1.4em;align-items:baseline;
padding:.2em .3em .2em 1.35em;position:relative}
.nparams summary.np-line{list-style:none;cursor:pointer}
.nparams summary::-webkit-details-marker{display:none}
.nparams summary.np-line::before{content:"";position:absolute;left:.35em;top:.66em;border:solid transparent;
border-width:.3em 0 .3em .42em;border-left-color:currentColor;opacity:.55}
.nparams details[open]>summary.np-line::before{transform:rotate(90deg)}
.nparams summary:hover{background:var(--np-hover)}
.nparams summary:focus-visible{outline:2px solid var(--np-w);outline-offset:-2px;border-radius:3px}
.nparams .np-in{margin-left:.62em;padding-left:.62em;border-left:1px solid var(--np-line)}
.nparams .np-head{padding-bottom:.35em;padding-top:.35em}
.nparams .np-head span{font-size:.9em;opacity:.72}
.nparams .np-head .np-share{display:block}
.nparams .np-sum{border-top:1px solid var(--np-line);font-weight:600}
.nparams .np-what>span{margin-right:.7em}
.nparams .np-copies{font-weight:600;white-space:nowrap}
.nparams .np-tag{font-size:.88em;padding:.05em .45em;border:1px solid var(--np-line);border-radius:.7em;
display:inline-block;max-width:100%;line-height:1.4;overflow-wrap:anywhere}
.nparams .np-how{overflow-wrap:anywhere;font-size:.96em}
.nparams .np-num,.nparams .np-share{text-align:right;white-space:nowrap}
.nparams .np-all{font-weight:600}
.nparams .np-none{opacity:.45;font-weight:400}
.nparams .np-unit{display:none}
.nparams .np-two{display:contents}
.nparams .np-ends{white-space:nowrap}
.nparams .np-share{display:flex;align-items:baseline;justify-content:flex-end}
.nparams .np-share span{flex:0 0 3.9em}
.nparams .np-share>b{flex:1;align-self:center;height:6px;border-radius:3px;background:var(--np-hover);overflow:hidden}
.nparams .np-share b b{display:block;height:6px;background:var(--np-w);border-radius:3px;min-width:1px}
.nparams .np-leaf{padding-left:1.35em}
.nparams .np-tensor .np-what{grid-column:1/span 2;font-size:.94em}
.nparams .np-symbols .np-tensor .np-what{grid-column:1}
.nparams .np-tensor .np-num{font-weight:400}
.nparams .np-more{padding:.2em .3em .2em 1.35em;opacity:.72;overflow-wrap:anywhere}
.nparams .np-symbols .np-num{text-align:left;white-space:normal;overflow-wrap:anywhere;font-weight:400}
.nparams .np-form{font-size:1.45em;font-weight:400;letter-spacing:0;overflow-wrap:anywhere}
.nparams .np-form span{font-size:.6em}
.nparams .np-rows{margin-top:.9em}
.nparams .np-rows>summary{cursor:pointer;opacity:.8;padding:.1em .2em}
.nparams .np-scroll{overflow-x:auto;margin-top:.4em}
.nparams table.np-table{border-collapse:collapse;width:auto;margin:0;font-size:1em;color:inherit;border:0}
.nparams .np-table th,.nparams .np-table td{padding:.22em .8em .22em 0;border:0;border-bottom:1px solid var(--np-line);
text-align:left;vertical-align:baseline;white-space:nowrap;background:none;max-width:40em}
.nparams .np-table th{font-weight:500;opacity:.72}
.nparams .np-table tbody th{opacity:1;font-weight:500}
.nparams .np-table tr:nth-child(n){background:none}
.nparams .np-table tr:hover td,.nparams .np-table tr:hover th{background:var(--np-hover)}
.nparams .np-table .np-num{text-align:right}
.nparams .np-table .np-wide{white-space:normal;overflow-wrap:anywhere}
.nparams .np-table tfoot td,.nparams .np-table tfoot th{border:0;font-weight:600;opacity:1}
@container (max-width:46em){
.nparams .np-line{grid-template-columns:minmax(0,1fr) max-content;gap:0 .8em}
.nparams .np-head{display:none}
.nparams .np-what,.nparams .np-tensor .np-what{grid-area:1/1}
.nparams .np-all{grid-area:1/2}
.nparams .np-how,.nparams .np-two{grid-area:2/1}
.nparams .np-two{display:block;opacity:.72}
.nparams .np-two .np-num{display:inline;margin-right:.7em;white-space:normal}
.nparams .np-how:not(:empty)~.np-two,.nparams .np-how:empty,.nparams .np-tensor .np-two,.nparams .np-two .np-none
{display:none}
.nparams .np-share{grid-area:2/2;font-size:.92em;opacity:.72}
.nparams .np-share>b{display:none}
.nparams .np-unit{display:inline}
.nparams .np-symbols .np-line:not(.np-head){display:block}
.nparams .np-symbols .np-num{display:inline}
.nparams .np-symbols .np-two{display:none}
.nparams .np-answer{font-size:1.75em}
.nparams .np-form{font-size:1.25em}
.nparams dl{grid-template-columns:1fr;gap:0}
.nparams dd{margin-bottom:.35em}}
@media print{.nparams .np-rows:not([open]){display:none}}"""

#: what a page of its own needs besides
PAGE = """\
:root{color-scheme:light dark}
body{margin:0;background:#fff;color:#1c2127}
body>.nparams{margin:0 auto;padding:2em 1.4em 3em;font-size:15px}
@media (prefers-color-scheme:dark){body{background:#14171a;color:#e4e7ea}}
@media (max-width:30em){body>.nparams{padding:1.2em .9em 2em;font-size:14px}}"""
