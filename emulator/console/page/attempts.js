// What happened to a task or a run: its requests.

import { h } from './dom.js';
import { at, status, took } from './format.js';
import { t } from './words.js';

/** attemptList shows requests, oldest first. */
export function attemptList(attempts) {
  if (attempts.length === 0) return h('p', { class: 'empty' }, t('noAttempts'));
  return h('ol', { class: 'attempts' }, attempts.map((a) => h('li', {}, at(a.dispatched), status(a),
    h('span', { class: 'soft' }, a.answered ? took(a.dispatched, a.answered) : ''), a.text && h('code', { class: 'breaks' }, a.text))));
}

/** keptOpen draws details, each open if the one of its key was. */
export function keptOpen(box, items, draw) {
  const open = new Set([...box.querySelectorAll('details[open][data-name]')].map((d) => d.dataset.name));
  return items.map((item) => {
    const details = draw(item);
    details.open = open.has(details.dataset.name);
    return details;
  });
}
