"""The page's style sheet: light and dark, wide and narrow, screen and paper."""

STYLE = """
:root { color-scheme: light dark;
  --ink: #1d2733; --soft: #5c6773; --line: #d8dde3; --paper: #fff; --front: #eaf2f8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #9aa5b1; --line: #3a434d; --paper: #14181d; --front: #1d2c3a; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2rem 1.25rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .25rem; }
p, li { margin: .35rem 0; overflow-wrap: anywhere; }
ul { padding-left: 1.1rem; margin: .5rem 0; }
.lead { color: var(--soft); font-size: 1.05rem; margin-bottom: 1rem; }
.conclusion { border-left: 3px solid #2f6690; padding-left: .9rem; }
.caption, footer, small, td.soft, .notes { color: var(--soft); }
.caption { font-size: .9rem; max-width: 46rem; }
.wide { overflow-x: auto; margin-top: .75rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .84rem; width: 100%; }
th, td { padding: .4rem .5rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
th:first-child { text-align: left; white-space: nowrap; font-weight: 500; }
td { white-space: nowrap; }
tr.words th { text-align: left; }
wbr { display: none; }
tr.words td { text-align: left; white-space: normal; min-width: 6rem; }
small { display: block; font-size: .76rem; font-weight: 400; }
tr.front th:first-child { font-weight: 700; }
tr.front { background: var(--front); }
tr.group th { color: var(--soft); padding-top: 1rem; }
details { margin-top: .75rem; } summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
.events { columns: 22rem 2; font-size: .88rem; list-style: none; padding: 0; font-variant-numeric: tabular-nums; }
.chart { margin-top: .75rem; overflow-x: auto; width: 100%; }
.vega-bind { font-size: .9rem; margin: .25rem 0 .75rem; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .85rem; }
@media (max-width: 600px) {
  main { padding: 1rem .75rem; }
  .wide th:first-child { position: sticky; left: 0; background: var(--paper); white-space: normal;
    overflow-wrap: anywhere; max-width: 46vw; min-width: 7.4rem; font-size: .8rem; }
  wbr { display: inline; }
  tr.front th:first-child { background: var(--front); }
}
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --front: #eee; }
  main { max-width: none; padding: 0; } .wide { overflow: visible; } table { font-size: .62rem; }
  tr, .chart { break-inside: avoid; } h2 { break-after: avoid; } details { display: none; }
}
"""
