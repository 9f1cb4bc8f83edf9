// How far the move from the old database is, and what to do next. Commands do it; the page only shows it.

import { h, fill, poll } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { at, bytes, count, properties, seconds } from './format.js';
import { t } from './words.js';

const pollMs = 10000; // each time reads eight documents

export function open(main, signal) {
  const box = h('section', {});
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('migration'))), box);
  poll(pollMs, signal, async () => {
    try {
      const o = await get('migration');
      if (!signal.aborted) fill(box, ...view(o));
    } catch (error) {
      if (!signal.aborted) fill(box, h('p', { class: 'problem', role: 'alert' }, errorText(error)));
    }
  });
}

function view(o) {
  return [
    next(o),
    kinds(o),
    properties([
      [t('migration.copy'), copy(o)],
      [t('migration.follow'), follow(o)],
      [t('migration.back'), back(o)],
      [t('migration.verification'), verification(o)],
      [t('migration.lastClient'), lastClient(o)],
      [t('migration.oldDatabase'), o.oldDatabase && h('span', { class: 'badge bad' }, t('migration.unread'))],
    ]),
    o.oldDatabase && h('p', { class: 'hint breaks' }, o.oldDatabase),
  ];
}

function next(o) {
  return h('div', { class: 'card' },
    h('strong', {}, t('migration.next')), ' ',
    o.next.command && h('code', {}, 'heektime migrate ' + o.next.command),
    h('div', { class: 'hint breaks' }, t('migration.next.' + o.next.code, { ...o.next, reason: o.next.reason })));
}

function kinds(o) {
  return h('div', { class: 'table-box' }, h('table', {},
    h('thead', {}, h('tr', {}, ['kind', 'side', 'oldWrites', 'epoch', 'held', 'since'].map((key) => h('th', { scope: 'col' }, t('migration.' + key))))),
    h('tbody', {}, o.kinds.map((k) => h('tr', {},
      h('td', {}, t('migration.kind.' + k.kind)),
      h('td', {}, side(k)),
      h('td', {}, t('migration.writes.' + (k.guarded ?? 'accepted'))),
      h('td', {}, count(k.epoch)),
      h('td', {}, k.held ? seconds(k.held.p99Seconds) : '–'),
      h('td', {}, at(k.since)))))));
}

function side(k) {
  if (k.phase === 'old' || k.phase === 'new') return h('span', { class: 'badge ' + (k.phase === 'new' ? 'good' : '') }, t('migration.side.' + k.phase));
  return [
    h('span', { class: 'badge run' }, t('migration.phase.' + k.phase)), ' ',
    t(k.aborting ? 'migration.aborting' : 'migration.toward.' + k.toward),
  ];
}

function copy({ copy: c }) {
  if (!c) return t('migration.notStarted');
  if (c.finished) return [t('migration.copied', { rows: count(c.rows) }), ' ', at(c.finished)];
  return t(c.total ? 'migration.copyingOf' : 'migration.copying', { rows: count(c.rows), total: count(c.total ?? 0) }) +
    (c.leftSeconds ? ' ' + t('migration.left', { left: seconds(c.leftSeconds) }) : '');
}

function follow({ follow: f, oldDatabase }) {
  if (!f) return t('migration.notStarted');
  const state = f.problem || f.lost || f.missing ? 'problem' : f.running ? 'running' : oldDatabase ? 'unknown' : 'stopped';
  return [
    h('span', { class: 'badge ' + { problem: 'bad', running: 'good', unknown: '', stopped: 'bad' }[state] }, t('migration.follow.' + state)), ' ',
    t('migration.lag', { seconds: seconds(f.lagSeconds), bytes: bytes(f.lagBytes) }),
    f.running && ' · ' + t('migration.changes', { n: count(Math.round(f.changesPerSecond)) }),
    f.bytesPerSecond > 0 && ' · ' + t('migration.rate', { bytes: bytes(f.bytesPerSecond) }),
    f.retainedBytes > 0 && ' · ' + t('migration.retained', { bytes: bytes(f.retainedBytes) }),
    h('div', { class: 'hint' }, h('code', {}, f.slot), ' ', h('code', {}, f.lsn), ' ', at(f.appliedAt)),
    f.problem && h('div', { class: 'hint breaks' }, f.problem),
  ];
}

function back({ back: b }) {
  if (!b) return t('migration.noBack');
  return t('migration.backLag', { seconds: seconds(b.lagSeconds) }) + ' · ' + t('migration.aside', { n: count(b.aside) });
}

function lastClient({ lastClient: c }) {
  if (!c) return t('migration.noClient');
  return [c.version, ' ', at(c.seenAt)];
}

function verification({ verification: v }) {
  if (!v) return t('migration.never');
  const result = v.differences > 0 ? 'different' : v.unconfirmed > 0 ? 'late' : 'equal';
  return [
    h('span', { class: 'badge ' + { different: 'bad', late: 'run', equal: 'good' }[result] }, t('migration.' + result, { n: count(v.differences || v.unconfirmed) })), ' ',
    t(v.whole ? 'migration.whole' : 'migration.sample', { n: count(v.users) }), ' ', at(v.endedAt),
    (v.findings ?? []).map((finding) => h('div', { class: 'hint breaks' }, finding)),
  ];
}
