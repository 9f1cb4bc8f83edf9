// Formats of times and counts.

import { language, t } from './words.js';
import { h } from './dom.js';

const isTime = (date) => date && !date.startsWith('0001-');

/** moment formats a time with its date. */
export const moment = (date) => new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(new Date(date));

/** at shows a time, or a dash without one. */
export const at = (date) => (isTime(date) ? h('time', { datetime: date }, moment(date)) : h('span', { class: 'soft' }, t('none')));

export const count = (n) => new Intl.NumberFormat(language()).format(n);

/** properties shows pairs of a name and a value. It leaves out pairs without a value. */
export function properties(pairs) {
  return h('dl', { class: 'properties' }, pairs.filter(([, value]) => value).map(([name, value]) => [h('dt', {}, name), h('dd', { class: 'breaks' }, value)]));
}

/** states shows why an account is hidden, as badges. */
export function states(hidden) {
  if (!hidden) return h('span', { class: 'badge good' }, t('active'));
  const badge = (kind, word) => [h('span', { class: 'badge ' + kind }, t(word)), ' '];
  return [
    hidden.blocked && badge('bad', hidden.lifting ? 'lifting' : 'blocked'),
    hidden.deleting && badge(hidden.purging ? 'bad' : 'run', hidden.purging ? 'purging' : 'deleting'),
    !hidden.settled && !hidden.purging && badge('run', 'unsettled'),
  ];
}
