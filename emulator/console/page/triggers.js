// Triggers of Firestore, their events and what came of these.

import { h, attempt, link } from './dom.js';
import { board, heading, keptOpen, stateBadge } from './board.js';
import { get, post } from './api.js';
import { ago, at, count, facts, status } from './format.js';
import { attemptList } from './attempts.js';
import { t } from './words.js';

export const open = (main, signal, state) => board(main, signal, {
  section: 'triggers',
  empty: 'noTriggers',
  list: async () => (await get('triggers')).triggers,
  look: (trigger) => get('events', { trigger }),
  card: (one) => [h('strong', {}, one.name), one.absent && h('span', { class: 'badge run' }, t('absent'))],
  view: (box, answer, reload) => triggerView(box, answer, reload, state),
});

function triggerView(box, { trigger, events, more }, reload, state) {
  return [
    h('header', { class: 'bar' }, h('h2', {}, trigger.name), h('span', { class: 'badge' }, trigger.event), h('code', { class: 'breaks' }, trigger.document),
      h('span', { class: 'soft breaks' }, '→ ', trigger.url), h('span', { class: 'soft' }, t(trigger.retry ? 'retries' : 'retriesNot'))),
    trigger.absent && h('p', { class: 'soft' }, t('absentText')),
    events.length === 0 ? h('p', { class: 'empty' }, t('noEvents'))
      : h('div', { class: 'rows events' }, heading('state', 'documents', 'eventKind', 'eventTime', 'attempts', 'lastStatus'),
        keptOpen(box, events, (event) => row(trigger, event, reload, state))),
    more > 0 && h('p', { class: 'soft' }, t('moreEvents', { n: count(more) })),
  ];
}

function row(trigger, event, reload, state) {
  const again = () => attempt(async () => { await post('event', { trigger: trigger.name, id: event.id }); await reload(); }, t('started'));
  const database = `projects/${state.project}/databases/${trigger.database}`;
  return h('details', { 'data-name': event.id },
    h('summary', { 'data-key': event.id }, stateBadge(event.state), h('code', { class: 'clip', title: event.document }, event.document), h('span', {}, event.event),
      at(event.time), h('span', {}, count(event.count)), status(event.attempts.at(-1))),
    h('div', { class: 'row-body' },
      event.state !== 'running' && h('p', { class: 'buttons' }, h('button', { class: 'primary', 'data-key': 'again/' + event.id, onclick: again }, t('redeliver'))),
      facts([
        [t('eventID'), h('code', {}, event.id)],
        [t('documents'), h('a', { href: link('firestore', database, ...event.document.split('/')) }, event.document)],
        [t('due'), event.state === 'waiting' && ago(event.due)], [t('ended'), event.ended && at(event.ended)],
      ]),
      h('h3', {}, t('attempts')), attemptList(event.attempts)));
}
