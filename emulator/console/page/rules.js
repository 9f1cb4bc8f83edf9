// Coverage of security rules: the text, with how often each part was true, false, or never looked at.

import { h, fill, every } from './dom.js';
import { get } from './api.js';
import { t } from './words.js';

const pollMs = 3000;

export function open(main, signal, state) {
  const sum = h('span', { class: 'soft' });
  const text = h('div', {});
  let shown = '', line;
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('rules')), sum, h('span', { class: 'space' }),
    h('span', { class: 'legend' }, [['full', 'coverageFull'], ['half', 'coverageHalf'], ['none', 'coverageNone']].map(([look, word]) => h('span', { class: 'cover ' + look }, t(word))))), text);
  const point = (scroll) => {
    for (const old of text.querySelectorAll('.pointed')) old.classList.remove('pointed');
    const row = line && text.querySelector(`[data-line="${CSS.escape(line)}"]`);
    row?.classList.add('pointed');
    if (scroll) row?.scrollIntoView({ block: 'center' });
  };
  every(pollMs, signal, async () => {
    try {
      const report = (await get('coverage', { project: state.project })).firestore;
      const now = JSON.stringify(report);
      if (signal.aborted || now === shown) return;
      const first = shown === '';
      shown = now;
      if (!report) {
        fill(text, h('p', { class: 'empty' }, t('noRules')));
        return;
      }
      const spots = paint(report);
      sum.textContent = t('coverageSum', { full: spots.full, all: spots.all });
      fill(text, source(spots.pieces));
      point(first);
    } catch (error) {
      if (!signal.aborted) fill(text, h('p', { class: 'problem' }, error.message));
    }
  });
  return (parts) => {
    line = parts[0];
    point(true);
  };
}

const outcome = (value) => 'boolValue' in value ? String(value.boolValue) : 'undefined' in value ? 'error' : 'nullValue' in value ? 'null' : 'constraintValue' in value ? 'unknown' : 'value';

/** paint cuts the text into pieces of one look each. The report counts bytes, not characters. */
function paint(report) {
  const bytes = new TextEncoder().encode(report.rules.files[0].content);
  const marks = new Array(bytes.length).fill(null);
  let all = 0, full = 0;
  const visit = (node, parentUnseen) => {
    const values = node.values ?? [];
    const seen = Object.fromEntries(values.map((v) => [outcome(v.value), v.count]));
    const decides = values.length === 0 ? !parentUnseen : 'true' in seen || 'false' in seen || 'error' in seen || 'unknown' in seen;
    if (decides) {
      const yes = 'true' in seen, no = 'false' in seen || 'error' in seen;
      const look = values.length === 0 ? 'none' : yes && no ? 'full' : 'half';
      const mark = { look, title: values.length === 0 ? t('coverageNever') : Object.entries(seen).map(([k, n]) => `${k}: ${n}`).join(', ') };
      marks.fill(mark, node.sourcePosition.currentOffset, node.sourcePosition.endOffset);
      all++;
      if (look === 'full') full++;
    }
    for (const child of node.children ?? []) visit(child, values.length === 0);
  };
  for (const node of report.report ?? []) visit(node, false);

  const pieces = [];
  const decoder = new TextDecoder();
  for (let from = 0; from < bytes.length;) {
    let to = from + 1;
    while (to < bytes.length && marks[to] === marks[from]) to++;
    pieces.push({ text: decoder.decode(bytes.subarray(from, to)), mark: marks[from] });
    from = to;
  }
  return { pieces, all, full };
}

/** source draws the pieces as numbered lines. */
function source(pieces) {
  const lines = [[]];
  for (const { text, mark } of pieces) {
    text.split('\n').forEach((part, i) => {
      if (i > 0) lines.push([]);
      if (part) lines.at(-1).push(mark ? h('span', { class: 'cover ' + mark.look, title: mark.title }, part) : part);
    });
  }
  return h('pre', { class: 'source', tabindex: '0' }, lines.map((parts, i) => h('div', { 'data-line': String(i + 1) }, h('span', { class: 'no' }, String(i + 1)), h('span', {}, parts))));
}
