// How times and sizes are written.

import { language, t } from './words.js';
import { h } from './dom.js';

let ahead = 0; // milliseconds that the cloud's clock is before the browser's

/** setClock tells what the cloud's clock shows now. */
export function setClock(now) { ahead = new Date(now) - Date.now(); }

/** now is what the cloud's clock shows. */
export const now = () => new Date(Date.now() + ahead);

/** moment writes a time in full. */
export function moment(date) {
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }).format(new Date(date));
}

/** clockTime writes a time of day, with the date when that is not today. */
export function clockTime(date) {
  const d = new Date(date);
  const time = new Intl.DateTimeFormat(language(), { timeStyle: 'medium', hourCycle: 'h23' }).format(d);
  if (d.toDateString() === now().toDateString()) return time;
  return new Intl.DateTimeFormat(language(), { month: 'short', day: 'numeric' }).format(d) + ' ' + time;
}

const units = [['year', 31536000], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

/** relative writes how far a time is from the cloud's now. */
export function relative(date) {
  const seconds = Math.round((new Date(date) - now()) / 1000);
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? units.at(-1);
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto', style: 'short' }).format(Math.trunc(seconds / size), unit);
}

/** ago shows a time as relative, in full when pointed at; nothing without one. */
export function ago(date) {
  if (!date) return h('span', { class: 'soft' }, '–');
  return h('time', { class: 'ago', datetime: date, title: moment(date) }, relative(date));
}

/** keepAgo brings the relative times of the page up to date. */
export function keepAgo() {
  for (const time of document.querySelectorAll('time.ago')) {
    const text = relative(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** at shows a time of day. */
export function at(date) {
  if (!date) return h('span', { class: 'soft' }, '–');
  return h('time', { datetime: date, title: date }, clockTime(date));
}

export function bytes(n) {
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (n < 1024 || unit === 'GiB') return `${Number.isInteger(n) ? n : n.toFixed(1)} ${unit}`;
    n /= 1024;
  }
}

export const count = (n) => new Intl.NumberFormat(language()).format(n);

/** took is the time between two moments. */
export function took(from, to) {
  const ms = new Date(to) - new Date(from);
  return ms < 1000 ? `${Math.max(0, ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** lastOf is the last part of a resource's name. */
export const lastOf = (name) => name.slice(name.lastIndexOf('/') + 1);

/** status shows an HTTP status, or that no answer came. */
export function status(a) {
  if (!a) return h('span', { class: 'soft' }, '–');
  if (!a.answered) return h('span', { class: 'badge run' }, t('underWay'));
  const text = a.timedOut ? t('timedOut') : a.status ? String(a.status) : t('noAnswer');
  return h('span', { class: 'badge ' + (a.status >= 200 && a.status < 300 ? 'good' : 'bad') }, text);
}

/** facts shows names with what they are; those that are nothing are left out. */
export function facts(pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(([, value]) => value).map(([name, value]) => [h('dt', {}, name), h('dd', { class: 'breaks' }, value)]));
}
