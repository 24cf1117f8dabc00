/** The page's own style and script. Both are constant, so that the policy can name their digests. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c2128;--dim:#57606a;--page:#fff;--box:#f6f8fa;--line:#d0d7de;
--red:#b3261e;--orange:#a84300;--yellow:#7d5a00;--green:#1a6b35;--blue:#0b57b0;--grey:#57606a;
--del:#ffe9e7;--ins:#e3f6e8}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9ba6b2;--page:#0f141a;--box:#171d25;
--line:#323b46;--red:#ff8a80;--orange:#ffb074;--yellow:#e6c35c;--green:#7bd992;--blue:#84b9ff;
--grey:#9ba6b2;--del:#4a1f1f;--ins:#173d24}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:75rem;padding:1rem;background:var(--page);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:1.6rem 0 .5rem}h3{font-size:1rem;margin:0}
code,pre,.diff td{font-family:ui-monospace,monospace;font-size:.9rem}
pre{background:var(--box);border:1px solid var(--line);border-radius:.4rem;padding:.7rem;white-space:pre-wrap}
.danger{border-left:.4rem solid var(--red);background:var(--box);padding:.6rem .9rem;font-weight:600}
.dim,small{color:var(--dim)}small{display:block;font-weight:400}
.tools{display:flex;flex-wrap:wrap;gap:.5rem;margin:.8rem 0}
input,button{font:inherit;color:inherit;background:var(--box);border:1px solid var(--line);
border-radius:.4rem;padding:.4rem .7rem;min-height:2.6rem}
input{flex:1 1 14rem}button{cursor:pointer}button[aria-pressed=true]{border-color:var(--blue);
box-shadow:inset 0 0 0 1px var(--blue)}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem}
.list>thead th{border-bottom:2px solid var(--line)}.worker,.planned{border-bottom:1px solid var(--line)}
.more>td{padding-top:0}.why{display:block}
.mark{display:inline-block;width:.8rem;height:.8rem;border-radius:50%;margin-right:.5rem;background:currentColor}
.k-destroy,.k-replace{color:var(--red)}.k-power-off{color:var(--orange)}.k-change{color:var(--yellow)}
.k-add,.k-done,.k-ok{color:var(--green)}.k-test,.k-launch{color:var(--blue)}
.k-forget,.k-held,.k-skipped,.k-left-out{color:var(--grey)}.k-failed{color:var(--red)}.k-not-done{color:var(--orange)}
.lane{border:1px solid var(--line);border-radius:.4rem;padding:.7rem;background:var(--box);margin-bottom:.7rem}
.lane td{padding:.2rem .4rem}.lane .at{width:5.5rem;white-space:nowrap}.lane .what{width:38%}
.lane .took{width:6.5rem;text-align:right;white-space:nowrap}
.bar{display:block;width:100%;height:.8rem;margin-top:.35rem;border-radius:.2rem;background:var(--line)}
.bar rect{fill:currentColor}
.diff{table-layout:fixed;background:var(--box);margin-top:.4rem}.diff th,.diff td{border:1px solid var(--line)}
.diff th:first-child{width:30%}.diff span,.diff del,.diff ins{display:block;white-space:pre-wrap;text-decoration:none}
.diff del{background:var(--del)}.diff ins{background:var(--ins)}
.nodes{display:grid;gap:.7rem;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr))}
.node{border:1px solid var(--line);border-radius:.4rem;padding:.7rem;background:var(--box)}
.node ul{list-style:none;margin:.4rem 0 0;padding:0}.node b{color:var(--ink)}
summary{cursor:pointer;padding:.3rem 0}[hidden]{display:none}
@media (max-width:40rem){.list>thead{position:absolute;clip-path:inset(50%)}
.list>tbody>tr{display:block;padding:.4rem 0}.list>tbody>tr>*{display:block;padding:.15rem .2rem}
.list>tbody td[data-label]::before{content:attr(data-label) ": ";color:var(--dim)}
.list td:empty{display:none}.diff th:first-child{width:34%}
.lane table,.lane tbody{display:block}.lane tr{display:grid;grid-template-columns:4.5rem 1fr auto;padding:.2rem 0}
.lane td,.lane .at,.lane .what,.lane .took{width:auto}.lane .line{grid-column:1/-1;grid-row:2}}
@media print{.tools{display:none}}
`;

export const SCRIPT = `
'use strict';
const field = document.getElementById('filter');
const buttons = [...document.querySelectorAll('button[data-kind]')];
const workers = [...document.querySelectorAll('.worker')];
const shown = document.getElementById('shown');
let kind = '';
function apply() {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let number = 0;
  for (const worker of workers) {
    const fits = (kind === '' || worker.dataset.kind === kind)
      && words.every((word) => worker.dataset.search.includes(word));
    worker.hidden = !fits;
    if (fits) number += 1;
  }
  shown.textContent = number + ' of ' + workers.length + ' shown';
  for (const button of buttons)
    button.setAttribute('aria-pressed', String(button.dataset.kind === kind));
}
if (field !== null) field.addEventListener('input', apply);
for (const button of buttons) button.addEventListener('click', () => {
  kind = button.dataset.kind === kind ? '' : button.dataset.kind;
  apply();
});
document.addEventListener('keydown', (event) => {
  if (field === null) return;
  if (event.key === '/' && document.activeElement !== field) { event.preventDefault(); field.focus(); }
  if (event.key === 'Escape') { field.value = ''; kind = ''; apply(); }
});
if (field !== null) {
  document.getElementById('tools').hidden = false;
  apply();
}
`;
