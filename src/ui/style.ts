import type { BrandConfig } from '../config/config.ts';

import { sha256Bytes } from '../crypto/hash.ts';
import type { Color } from './color.ts';
import { formatColor, inkOn, mix, parseColor, readableOn } from './color.ts';

interface Surface {
  readonly page: Color;
  readonly card: Color;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  /** Edges of controls: at least 3 against the card (WCAG 2.2 §1.4.11). */
  readonly rim: string;
  readonly shade: string;
  readonly caution: { readonly background: string; readonly line: string; readonly ink: string };
}

const light: Surface = {
  page: parseColor('#f4f5f7'),
  card: parseColor('#ffffff'),
  ink: '#1b1f26',
  muted: '#59616e',
  line: '#e1e4e9',
  rim: '#8a919d',
  shade: '#f4f5f7',
  caution: { background: '#fff7e6', line: '#f0d9a4', ink: '#5f4406' },
};

const dark: Surface = {
  page: parseColor('#101318'),
  card: parseColor('#181c23'),
  ink: '#e9ebef',
  muted: '#a2aab8',
  line: '#2c323c',
  rim: '#717a88',
  shade: '#20252e',
  caution: { background: '#2b2413', line: '#57481f', ink: '#f2dca6' },
};

/** The variables of one colour scheme. Text is computed to 4.5, edges to 3 (WCAG 2.2 §1.4.3, §1.4.11). */
function variables(surface: Surface, brand: Color): string {
  const entries = {
    page: formatColor(mix(surface.page, { target: brand, share: 0.03 })),
    card: formatColor(surface.card),
    ink: surface.ink,
    muted: surface.muted,
    line: surface.line,
    rim: surface.rim,
    shade: surface.shade,
    'caution-card': surface.caution.background,
    'caution-line': surface.caution.line,
    'caution-ink': surface.caution.ink,
    brand: formatColor(brand),
    'on-brand': formatColor(inkOn(brand)),
    edge: formatColor(readableOn(brand, { background: surface.card, ratio: 3 })),
    accent: formatColor(readableOn(brand, { background: surface.card, ratio: 4.5 })),
  };
  return Object.entries(entries)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

const rules = `
*,*::before,*::after{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;align-items:center;
justify-content:center;padding:2.5rem 1rem;background:var(--page);color:var(--ink);
font:400 1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:32rem;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;
box-shadow:0 1px 2px rgb(0 0 0/.04),0 12px 32px rgb(0 0 0/.06);overflow-wrap:anywhere}
header{display:flex;align-items:center;gap:.625rem;margin:0 0 1.5rem;font-weight:600;font-size:.9375rem}
header img,.mark{flex:none;width:2rem;height:2rem;border-radius:.5rem;object-fit:contain}
.mark{display:grid;place-items:center;background:var(--brand);color:var(--on-brand);border:1px solid var(--edge);
font-weight:700;font-size:1rem;line-height:1}
.app{display:block;max-width:3rem;max-height:3rem;margin:0 0 .75rem;border-radius:.625rem}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.015em}
p{margin:0 0 1rem}
.lead{color:var(--muted)}
code{font:500 .875em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
a{color:var(--accent);text-underline-offset:.2em}
.badge{display:inline-block;padding:.0625rem .5rem;border-radius:1rem;font-size:.75rem;font-weight:600;
line-height:1.5;vertical-align:.125em;white-space:nowrap;background:var(--shade);color:var(--muted);
border:1px solid var(--line)}
.badge.caution{background:var(--caution-card);color:var(--caution-ink);border-color:var(--caution-line)}
dl{margin:1.5rem 0;border-top:1px solid var(--line)}
dl>div{display:grid;grid-template-columns:7rem 1fr;gap:.125rem 1rem;padding:.75rem 0;border-bottom:1px solid var(--line)}
dt{padding-top:.125rem;font-size:.875rem;color:var(--muted)}
dl.stacked>div{grid-template-columns:1fr}
.stacked dt{color:var(--ink);font-weight:600}
.stacked dd{font-weight:400;color:var(--muted)}
dd{margin:0;font-weight:500}
dd p{margin:.25rem 0 0;font-size:.875rem;font-weight:400;color:var(--muted)}
dd p:not(:last-child){margin-bottom:.75rem}
dd ul{margin:0;padding:0;list-style:none;font-weight:400}
dd li{position:relative;padding:.125rem 0 .125rem 1.375rem}
dd li::before{content:"";position:absolute;left:.25rem;top:.5rem;width:.375rem;height:.6875rem;
border:solid var(--accent);border-width:0 2px 2px 0;transform:rotate(40deg)}
dd li code{color:var(--muted);font-size:.75rem}
dd li small{display:block;color:var(--muted);font-size:.8125rem}
dd li.choice{padding-left:0}
dd li.choice::before{content:none}
.choice label,.remember label{display:flex;align-items:flex-start;gap:.5rem;min-height:1.75rem;cursor:pointer}
input[type=checkbox]{flex:none;width:1.125rem;height:1.125rem;margin:.1875rem 0 0;accent-color:var(--accent)}
.remember label{gap:.5rem}
.remember{margin:0 0 1rem;font-size:.875rem}
.other{margin-top:.75rem}
.note{margin:0 0 1.25rem;padding:.75rem 1rem;border:1px solid var(--caution-line);border-radius:.625rem;
background:var(--caution-card);color:var(--caution-ink);font-size:.875rem}
.actions{display:grid;grid-template-columns:1fr 1fr;gap:.75rem;margin:0}
.button{display:block;width:100%;min-height:2.875rem;padding:.625rem 1rem;border:1px solid var(--rim);
border-radius:.625rem;background:var(--card);color:var(--ink);font:inherit;font-weight:600;text-align:center;
text-decoration:none;cursor:pointer;overflow-wrap:anywhere}
.button.primary{background:var(--brand);border-color:var(--edge);color:var(--on-brand)}
.allow{position:relative}
.allow::after{content:"";position:absolute;inset:0;cursor:progress}
body:hover .allow::after{visibility:hidden;transition:visibility 0s 1s}
@media (hover:none){.allow::after{animation:uncover 0s 1s forwards}}
@keyframes uncover{to{visibility:hidden}}
.choose{margin:0 0 .75rem;font-weight:600}
.upstreams{display:grid;gap:.625rem;margin:0 0 .75rem}
.upstreams .button{display:flex;align-items:center;justify-content:center;gap:.625rem}
.upstreams img{flex:none;width:1.25rem;height:1.25rem;object-fit:contain}
.actions.single{grid-template-columns:1fr}
.button.quiet{border-color:transparent;color:var(--muted)}
.button:hover{box-shadow:0 0 0 3px var(--line)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
details{margin:1.25rem 0 0;font-size:.8125rem;color:var(--muted)}
summary{cursor:pointer;width:max-content;border-radius:.25rem}

.aside{margin-top:-.5rem}
details p{margin:.5rem 0 0}
.fine,.aside{margin:1.25rem 0 0;font-size:.8125rem;color:var(--muted)}
form{margin:0}
h2{display:flex;align-items:center;gap:.625rem;margin:0;font-size:1.0625rem;line-height:1.35;font-weight:650}
h2 img,.ways img{flex:none;width:1.25rem;height:1.25rem;object-fit:contain}
.connected{margin:1.25rem 0;padding:1.25rem;border:1px solid var(--line);border-radius:.75rem}
.connected.asked{border-color:var(--edge);box-shadow:0 0 0 1px var(--edge)}
.connected>p{margin:.375rem 0 .875rem;font-size:.9375rem}
.accounts{margin:0 0 .875rem;padding:0;list-style:none}
.accounts>li{padding:.875rem 0;border-bottom:1px solid var(--line)}
.accounts>li:last-child{border-bottom:0}
.connected>.accounts:last-child{margin-bottom:0}
.connected>.accounts:last-child>li:last-child{padding-bottom:0}
.accounts p{margin:0 0 .5rem}
.accounts p code{margin-inline-start:.25rem;color:var(--muted);font-size:.75rem}
.accounts .fine{margin:0 0 .75rem}
.accounts .rights{margin:-.375rem 0 .75rem;padding-inline-start:1.125rem;font-size:.8125rem}
.rights code{color:var(--muted);font-size:.75rem}
.accounts .actions{align-items:start}
.accounts .button{min-height:2.5rem;padding:.4375rem .75rem;font-size:.875rem}
.confirm{margin:0;color:inherit}
.confirm>summary{width:auto;list-style:none;border-radius:.625rem}
.confirm>summary::-webkit-details-marker{display:none}
.confirm[open]{grid-column:1/-1;padding:.75rem;border:1px solid var(--caution-line);border-radius:.625rem;
background:var(--caution-card);color:var(--caution-ink);font-size:.875rem}
.confirm[open]>summary{margin-bottom:.75rem}
.ways{display:grid;gap:.75rem;margin:1.5rem 0 0}
.ways .button{display:flex;align-items:center;justify-content:center;gap:.625rem}
.note.good{border-color:var(--edge);background:var(--shade);color:var(--ink)}
.connected>.note{margin-top:.75rem}
.badge.good{color:var(--accent);border-color:var(--edge)}
.people{display:grid;gap:.75rem;margin:1.5rem 0 .75rem}
.people .button{display:flex;align-items:center;gap:.875rem;padding:.75rem 1rem;text-align:start}
.people small{display:block;font-size:.8125rem;font-weight:400;color:var(--muted)}
@media (max-width:28rem){dl>div{grid-template-columns:1fr}dt{padding:0;font-size:.8125rem}body{justify-content:flex-start;padding:1rem .75rem}main{padding:1.5rem 1.25rem}}
@media (max-width:20rem){.actions{grid-template-columns:1fr}}
@media (forced-colors:active){.mark,.button{forced-color-adjust:auto}}
`.replaceAll('\n', '');

/** The one style sheet of every page, in the brand's colour. Throws TypeError when the colour is not `#rrggbb`. */
export function styleSheet(brand: BrandConfig): string {
  const color = parseColor(brand.color);
  return (
    `:root{${variables(light, color)}}` +
    `@media (prefers-color-scheme:dark){:root{${variables(dark, color)}}}${rules}`
  );
}

/** Source expression that admits exactly this style sheet (CSP Level 3 §2.3.1). */
export function styleHash(brand: BrandConfig): string {
  return `'sha256-${sha256Bytes(styleSheet(brand)).toString('base64')}'`;
}
