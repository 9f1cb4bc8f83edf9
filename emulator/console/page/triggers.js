// Firestore triggers, their events and delivery attempts.

import { h, attempt, link } from './dom.js';
import { cardSection, heading, keptOpen, stateBadge } from './cards.js';
import { get, post } from './api.js';
import { ago, at, count, properties, status } from './format.js';
import { attemptList } from './attempts.js';
import { t } from './words.js';

export const open = (main, signal, state) => cardSection(main, signal, {
  section: 'triggers',
  empty: 'noTriggers',
  list: async () => (await get('triggers')).triggers,
  fetchDetails: (trigger) => get('events', { trigger }),
  card: (trigger) => [h('strong', {}, trigger.name), trigger.absent && h('span', { class: 'badge run' }, t('absent'))],
  details: (box, found, reload) => triggerDetails(box, found, reload, state),
});

function triggerDetails(box, { trigger, events, more }, reload, state) {
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
  const redeliver = () => attempt(async () => { await post('event', { trigger: trigger.name, id: event.id }); await reload(); }, t('started'));
  const database = `projects/${state.project}/databases/${trigger.database}`;
  return h('details', { 'data-name': event.id },
    h('summary', { 'data-key': event.id }, stateBadge(event.state), h('code', { class: 'clip', title: event.document }, event.document), h('span', {}, event.event),
      at(event.time), h('span', {}, count(event.count)), status(event.attempts.at(-1))),
    h('div', { class: 'row-body' },
      event.state !== 'running' && h('p', { class: 'buttons' }, h('button', { class: 'primary', 'data-key': 'redeliver/' + event.id, onclick: redeliver }, t('redeliver'))),
      properties([
        [t('eventID'), h('code', {}, event.id)],
        [t('documents'), h('a', { href: link('firestore', database, ...event.document.split('/')) }, event.document)],
        [t('due'), event.state === 'waiting' && ago(event.due)], [t('ended'), event.ended && at(event.ended)],
      ]),
      h('h3', {}, t('attempts')), attemptList(event.attempts)));
}
