// The attempts of a task, a job's run or an event.

import { h } from './dom.js';
import { at, duration, status } from './format.js';
import { t } from './words.js';

/** attemptList shows attempts, oldest first. */
export function attemptList(attempts) {
  if (attempts.length === 0) return h('p', { class: 'empty' }, t('noAttempts'));
  return h('ol', { class: 'attempts' }, attempts.map((a) => h('li', {}, at(a.dispatched), status(a),
    h('span', { class: 'soft' }, a.answered ? duration(a.dispatched, a.answered) : ''), a.text && h('code', { class: 'breaks' }, a.text))));
}
