// Formats of times and states. amounts.js has those of sizes, counts and money.

import { language, t } from './words.js';
import { h } from './dom.js';

export { bytes, count, day, decimal, won } from './amounts.js';

let ahead = 0; // milliseconds by which the cloud's clock is ahead of the browser's

/** setClock sets the cloud's current time. */
export function setClock(now) { ahead = new Date(now) - Date.now(); }

/** now returns the cloud's current time. */
export const now = () => new Date(Date.now() + ahead);

/** moment formats a time with its date. */
export function moment(date) {
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }).format(new Date(date));
}

/** clockTime formats a time of day, with the date if it is not today. */
function clockTime(date) {
  const d = new Date(date);
  const time = new Intl.DateTimeFormat(language(), { timeStyle: 'medium', hourCycle: 'h23' }).format(d);
  if (d.toDateString() === now().toDateString()) return time;
  return new Intl.DateTimeFormat(language(), { month: 'short', day: 'numeric' }).format(d) + ' ' + time;
}

const units = [['year', 31536000], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

/** relative formats the distance of a time from the cloud's current time. */
export function relative(date) {
  const seconds = Math.round((new Date(date) - now()) / 1000);
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? units.at(-1);
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto', style: 'short' }).format(Math.trunc(seconds / size), unit);
}

/** ago shows a time relative to now, with the full time as its tooltip, or a dash without a time. */
export function ago(date) {
  if (!date) return h('span', { class: 'soft' }, '–');
  return h('time', { class: 'ago', datetime: date, title: moment(date) }, relative(date));
}

/** updateAgo updates all relative times on the page. */
export function updateAgo() {
  for (const time of document.querySelectorAll('time.ago')) {
    const text = relative(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** at shows a time of day, or a dash without a time. */
export function at(date) {
  if (!date) return h('span', { class: 'soft' }, '–');
  return h('time', { datetime: date, title: date }, clockTime(date));
}

/** duration formats the time between two times. */
export function duration(from, to) {
  const ms = new Date(to) - new Date(from);
  return ms < 1000 ? `${Math.max(0, ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** shortName returns the last part of a resource name. */
export const shortName = (name) => name.slice(name.lastIndexOf('/') + 1);

/** status shows the HTTP status of an attempt, or why there is none. */
export function status(a) {
  if (!a) return h('span', { class: 'soft' }, '–');
  if (!a.answered) return h('span', { class: 'badge run' }, t('inFlight'));
  const text = a.timedOut ? t('timedOut') : a.status ? String(a.status) : t('noResponse');
  return h('span', { class: 'badge ' + (a.status >= 200 && a.status < 300 ? 'good' : 'bad') }, text);
}

/** properties shows pairs of a name and a value. It leaves out pairs without a value. */
export function properties(pairs) {
  return h('dl', { class: 'properties' }, pairs.filter(([, value]) => value).map(([name, value]) => [h('dt', {}, name), h('dd', { class: 'breaks' }, value)]));
}
