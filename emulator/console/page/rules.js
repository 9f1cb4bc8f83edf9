// Coverage of the security rules: their source, with how often each expression was true, false, or never evaluated.

import { h, fill, poll, link } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { count } from './format.js';
import { t } from './words.js';

const pollMs = 3000;

export function open(main, signal, state) {
  const tabs = h('nav', { class: 'choice', 'aria-label': t('rules') });
  const sum = h('span', { class: 'soft' });
  const text = h('div', {});
  let files, shown = '', service = 'firestore', line;
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('rules')), tabs, sum, h('span', { class: 'space' }),
    h('span', { class: 'legend' }, [['full', 'coverageFull'], ['half', 'coverageHalf'], ['none', 'coverageNone']].map(([style, word]) => h('span', { class: 'cover ' + style }, t(word))))), text);

  const draw = () => {
    const chosen = files.filter((f) => f.service === service);
    fill(tabs, ['firestore', 'storage'].map((s) => h('a', { href: link('rules', s), 'data-key': s, 'aria-current': s === service && 'true' }, t(s))));
    sum.textContent = chosen.length === 1 ? t('coverageSum', { full: count(chosen[0].full), all: count(chosen[0].all) }) : '';
    fill(text, chosen.length === 0 ? h('p', { class: 'empty' }, t('noRules')) : chosen.map((f) => [
      f.buckets && h('h2', { class: 'file' }, f.buckets.join(', ')), source(f.pieces)]));
    text.querySelector(`[data-line="${CSS.escape(line ?? '')}"]`)?.classList.add('pointed');
  };
  const scrollToLine = () => text.querySelector('.pointed')?.scrollIntoView({ block: 'center' });
  poll(pollMs, signal, async () => {
    try {
      const response = await get('coverage', { project: state.project });
      const now = JSON.stringify(response);
      if (signal.aborted || now === shown) return;
      const first = shown === '';
      shown = now;
      files = response.files;
      draw();
      if (first) scrollToLine();
    } catch (error) {
      if (!signal.aborted) fill(text, h('p', { class: 'problem' }, errorText(error)));
    }
  });
  return (parts) => {
    service = parts[0] === 'storage' ? 'storage' : 'firestore';
    line = parts[1];
    if (!files) return;
    draw();
    scrollToLine();
  };
}

/** source draws the source as numbered lines. */
function source(pieces) {
  const lines = [[]];
  for (const { text, verdict, counts } of pieces) {
    text.split('\n').forEach((part, i) => {
      if (i > 0) lines.push([]);
      const [indent] = i > 0 ? part.match(/^\s*/) : ['']; // indentation is not part of an expression
      const rest = part.slice(indent.length);
      lines.at(-1).push(indent, verdict && rest ? h('span', { class: 'cover ' + verdict, title: counts || t('coverageNone') }, rest) : rest);
    });
  }
  return h('pre', { class: 'source', tabindex: '0' }, lines.map((parts, i) => h('div', { 'data-line': String(i + 1) }, h('span', { class: 'no' }, String(i + 1)), h('span', {}, parts))));
}
