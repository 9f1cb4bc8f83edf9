// Formats of times and counts.

import { language, t } from './words.js';
import { h } from './dom.js';

const isTime = (date) => date && !date.startsWith('0001-');

/** moment formats a time with its date. */
export const moment = (date) => new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' }).format(new Date(date));

/** seoul shows a time in Seoul, in which announcements are written. */
export const seoul = (date) => h('time', { datetime: date },
  new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23', timeZone: 'Asia/Seoul' }).format(new Date(date)));

/** at shows a time, or a dash without one. */
export const at = (date) => (isTime(date) ? h('time', { datetime: date }, moment(date)) : h('span', { class: 'soft' }, t('none')));

export const count = (n) => new Intl.NumberFormat(language()).format(n);

const unit = (n, name, digits) => new Intl.NumberFormat(language(), { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(n);

/** seconds formats a duration. */
export const seconds = (n) => (n < 120 ? unit(n, 'second', n < 10 ? 1 : 0) : unit(n / 60, 'minute', 0));

/** bytes formats a size. */
export const bytes = (n) => (n < 1e3 ? unit(n, 'byte', 0) : n < 1e6 ? unit(n / 1e3, 'kilobyte', 1) : n < 1e9 ? unit(n / 1e6, 'megabyte', 1) : unit(n / 1e9, 'gigabyte', 1));

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
