import { VERSION } from '../version.ts';
import { BOARD_PATH } from './board.ts';
import { html } from './html.ts';
import type { Status } from './status.ts';

const STYLE = html`<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 3rem auto; padding: 0 1rem; }
  h1 { font-size: 1.4rem; }
  h2 { font-size: 1rem; margin: 2rem 0 0.3rem; }
  small { opacity: 0.6; font-weight: normal; }
  nav a { margin-right: 1rem; }
  td { padding: 0.2rem 1.5rem 0.2rem 0; vertical-align: top; }
  .state { padding: 0.1rem 0.5rem; border-radius: 0.3rem; color: #fff; background: #b3261e; }
  .ready { background: #1b7f3b; }
</style>`;

/** The page at `/`. */
export function statusPage({ host, state, reason, tables }: Status): string {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<link rel="icon" href="${BOARD_PATH}/static/images/logo.svg">
<title>${host}: ${state}</title>
${STYLE}
<h1>${host} <span class="state ${state}">${state}</span> <small>savorg-ops ${VERSION}</small></h1>
<p>${reason ?? ''}</p>
<nav>
  <a href="${BOARD_PATH}/">Queues</a>
  <a href="/metrics">Metrics</a>
  <a href="/healthz">Health</a>
  <a href="/readyz">Readiness</a>
</nav>
${tables.map(section)}
</html>
`.toString();
}

function section({ title, rows }: Status['tables'][number]) {
  const lines = rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`);
  return html`<h2>${title} <small>${rows.length}</small></h2>
<table>${lines}</table>`;
}
