// The last refresh of each semester. A list that was held back can be published, and the last two published
// lists compared.

import { h, fill, attempt, poll, toast } from './dom.js';
import { errorText } from './errors.js';
import { dialog } from './dialog.js';
import { get, post } from './api.js';
import { at, count, moment, properties } from './format.js';
import { t } from './words.js';

const pollMs = 30000; // each time reads a document for each semester
const shownLectures = 50;
const good = { changed: 'good', unchanged: 'good', suspicious: 'run', failed: 'bad' };

export function open(main, signal, state) {
  const box = h('section', {});
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('refreshes'))), box);
  const load = async () => {
    try {
      const list = await get('refreshes');
      if (signal.aborted) return;
      fill(box, list.length === 0 ? h('p', { class: 'empty' }, t('noRefreshes')) : h('div', { class: 'table-box' }, h('table', {},
        h('thead', {}, h('tr', {}, ['semester', 'lastRun', 'outcome', 'lectures', 'skipped'].map((key) => h('th', { scope: 'col' }, t(key))), h('th', {}))),
        h('tbody', {}, list.map((r) => row(r, state, load))))));
    } catch (error) {
      if (!signal.aborted) fill(box, h('p', { class: 'problem', role: 'alert' }, errorText(error)));
    }
  };
  poll(pollMs, signal, load);
}

function row(r, state, reload) {
  const key = r.school + '/' + r.semester;
  const start = async (accept) => {
    await post('refresh', { project: state.project, school: r.school, semester: r.semester, accept });
    toast(t('started'));
    setTimeout(reload, 3000);
  };
  return h('tr', {},
    h('td', {}, h('div', {}, r.school), h('code', { class: 'clip' }, r.semester)), h('td', {}, at(r.ended)),
    h('td', { class: 'wraps' }, h('span', { class: 'badge ' + (good[r.outcome] ?? '') }, t(r.outcome)), r.reason && h('div', { class: 'hint breaks' }, r.reason),
      r.failing && h('div', { class: 'hint' }, t('failing', { n: count(r.failing.runs) }), ' ', at(r.failing.since))),
    h('td', {}, count(r.lectures)), h('td', {}, count(r.report.skipped)),
    h('td', { class: 'buttons' },
      state.canRefresh && h('button', { class: 'quiet', 'data-key': 'run/' + key, onclick: () => attempt(() => start(false)) }, t('run')),
      state.canRefresh && r.outcome === 'suspicious' && h('button', { class: 'quiet', 'data-key': 'accept/' + key, onclick: () => attempt(() => accept(r, state, start)) }, t('accept')),
      state.canCompare && h('button', { class: 'quiet', 'data-key': 'compare/' + key, onclick: () => attempt(() => compare(r)) }, t('compare'))));
}

async function accept(r, state, start) {
  // The dialog must open without the comparison, too: lists may be gone.
  const d = state.canCompare ? await get('difference', { school: r.school, semester: r.semester }).catch(() => null) : null;
  dialog({
    title: t('accept?'), label: t('accept'), danger: true, submit: () => start(true), wide: Boolean(d?.heldBack),
    body: [properties([[t('project'), h('code', {}, state.project)], [t('reason'), r.reason]]), h('p', {}, t('accept.text', r)), d?.heldBack && difference(t('heldBack'), d.heldBack)],
  });
}

async function compare(r) {
  const d = await get('difference', { school: r.school, semester: r.semester });
  dialog({
    title: t('compare.title', r), wide: true,
    body: h('div', {}, d.published && difference(t('published'), d.published), d.heldBack && difference(t('heldBack'), d.heldBack)),
  });
}

function difference(title, d) {
  const part = (word, lectures) => lectures.count > 0 && [
    h('h4', {}, t(word, { n: count(lectures.count) })),
    h('ul', {}, lectures.list.slice(0, shownLectures).map((l) => h('li', {}, h('code', {}, l.identifier), ' ', l.title,
      (l.changes ?? []).map((change) => h('div', { class: 'hint breaks' }, change))))),
    lectures.count > shownLectures && h('p', { class: 'hint' }, t('andMore', { n: count(lectures.count - Math.min(shownLectures, lectures.list.length)) })),
  ];
  const parts = [part('added', d.added), part('removed', d.removed), part('moved', d.moved), part('changedLectures', d.changed)];
  return h('section', {}, h('h3', {}, title),
    h('p', {}, t('versions', { older: moment(d.older.at), newer: moment(d.newer.at), before: count(d.older.lectures), after: count(d.newer.lectures) })),
    parts.some(Boolean) ? parts : h('p', { class: 'hint' }, t('onlyWording')));
}
