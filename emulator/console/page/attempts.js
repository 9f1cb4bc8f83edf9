// What happened to a task, a run or an event: its requests.

import { h } from './dom.js';
import { at, status, took } from './format.js';
import { t } from './words.js';

/** attemptList shows requests, oldest first. */
export function attemptList(attempts) {
  if (attempts.length === 0) return h('p', { class: 'empty' }, t('noAttempts'));
  return h('ol', { class: 'attempts' }, attempts.map((a) => h('li', {}, at(a.dispatched), status(a),
    h('span', { class: 'soft' }, a.answered ? took(a.dispatched, a.answered) : ''), a.text && h('code', { class: 'breaks' }, a.text))));
}
