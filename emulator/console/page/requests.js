// The latest requests that the security rules allowed or denied, with the line that decided.

import { h, fill, poll, link } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { at, count } from './format.js';
import { t } from './words.js';

const pollMs = 1000;
const maxRows = 512;

export function open(main, signal, state) {
  const project = state.project;
  const rows = h('div', { class: 'rows requests' });
  const note = h('div', {});
  const reads = h('span', { class: 'soft' });
  const filter = h('input', { type: 'search', placeholder: t('filter'), 'aria-label': t('filter'), spellcheck: 'false', oninput: () => applyFilter() });
  let last = { firestore: 0, storage: 0 }, verdict = 'all', hasRules = true;

  const choice = h('div', { class: 'choice', role: 'group', 'aria-label': t('requests') }, [['all', 'all'], ['denied', 'onlyDenied'], ['allowed', 'onlyAllowed']].map(([value, word]) =>
    h('button', {
      'aria-pressed': String(value === verdict), onclick(event) {
        verdict = value;
        for (const b of choice.children) b.setAttribute('aria-pressed', String(b === event.currentTarget));
        applyFilter();
      },
    }, t(word))));

  /** applyFilter hides the rows that do not match the filter. */
  function applyFilter() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let seen = 0;
    for (const row of rows.querySelectorAll('details')) {
      const matches = (verdict === 'all' || row.dataset.verdict === verdict) && words.every((w) => row.dataset.text.includes(w));
      row.hidden = !matches;
      if (matches) seen++;
    }
    rows.hidden = seen === 0;
    fill(note, seen === 0 && h('p', { class: 'empty' }, rows.children.length > 0 ? t('noMatch') : t(hasRules ? 'noRequests' : 'noRules')));
  }

  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('requests')), reads, h('span', { class: 'space' }), choice, filter), note, rows);
  poll(pollMs, signal, async () => {
    try {
      const response = await get('requests', { project, ...last });
      if (signal.aborted) return;
      hasRules = response.rules;
      reads.textContent = response.reads > 0 ? t('readsBilled', { n: count(response.reads) }) : '';
      if (response.requests.length > 0) {
        last = response.last;
        rows.prepend(...response.requests.map(row));
        while (rows.children.length > maxRows) rows.lastElementChild.remove();
      }
      applyFilter();
    } catch (error) {
      fill(note, h('p', { class: 'problem' }, errorText(error)));
    }
  });
}

function row(r) {
  const path = r.path.replace(r.service === 'storage' ? /^\/b\/([^/]+)\/o/ : /^\/databases\/[^/]+\/documents/, (_, bucket) => bucket ? `gs://${bucket}` : '') || '/';
  const lines = r.allowed ? [r.granted].filter(Boolean) : r.tried ?? [];
  const who = r.uid ?? t('signedOut');
  return h('details', { 'data-verdict': r.allowed ? 'allowed' : 'denied', 'data-text': `${r.method} ${path} ${who}`.toLowerCase() },
    h('summary', {},
      at(r.time), h('span', { class: 'badge ' + (r.allowed ? 'good' : 'bad') }, t(r.allowed ? 'allowed' : 'denied')),
      h('b', {}, r.method), h('code', { class: 'clip', title: path }, path), h('span', { class: r.uid ? 'clip' : 'soft clip', title: who }, who),
      h('span', { class: 'clip rule' }, lines.length > 0 ? [h('span', { class: 'line' }, lines.map((l) => 'L' + l.line).join(' ')), ' ', h('code', {}, lines[0].source)]
        : h('span', { class: 'soft' }, r.notes?.[0] ?? t('noStatement')))),
    h('div', { class: 'row-body' },
      r.notes?.map((note) => h('p', { class: 'problem' }, note)),
      h('h3', {}, t(r.allowed ? 'allowedBy' : 'deniedBy')),
      lines.length === 0 && h('p', { class: 'empty' }, t('noStatement')),
      lines.map((l) => h('div', { class: 'statement' }, statement(r, l), l.result && [' ', t('was'), ' ', h('code', { class: 'result' }, l.result)],
        l.reasons && h('ul', {}, l.reasons.map((x) => h('li', {}, statement(r, x), ' ', t('was'), ' ', h('code', { class: 'result' }, x.result),
          x.values && h('div', { class: 'soft breaks' }, x.values)))))),
      h('p', { class: 'soft' }, t('expressions', { n: r.expressions, calls: r.calls }), r.database && r.database !== '(default)' ? ` · ${r.database}` : '')));
}

const statement = (r, s) => [h('a', { class: 'line', href: link('rules', r.service, String(s.line)) }, t('line', { n: s.line })), ' ', h('code', { class: 'breaks' }, s.source)];
