// The services of Cloud Run, their revisions and traffic.

import { h, fill, poll } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { ago, at, properties, shortName } from './format.js';
import { heading, keptOpen } from './cards.js';
import { t } from './words.js';

const pollMs = 1000;

export function open(main, signal) {
  const list = h('section', {});
  let shown = '';
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('services'))), list);
  const load = async () => {
    try {
      const { services } = await get('services');
      const text = JSON.stringify(services);
      if (signal.aborted || text === shown) return;
      shown = text;
      const rows = keptOpen(list, services, row);
      fill(list, services.length === 0 ? h('p', { class: 'empty' }, t('noServices'))
        : h('div', { class: 'rows services' }, heading('name', 'whichRevision', 'state', 'lastChange'), rows));
    } catch (error) {
      if (!signal.aborted) fill(list, h('p', { class: 'problem' }, errorText(error)));
      shown = '';
    }
  };
  poll(pollMs, signal, load);
}

const state = (ready) => h('span', { class: ready ? 'badge good' : 'badge bad' }, t(ready ? 'ready' : 'notReady'));

function row(service) {
  const serving = service.traffic.filter((part) => part.percent > 0);
  return h('details', { 'data-name': service.name },
    h('summary', { 'data-key': service.name },
      h('strong', { class: 'clip', title: service.name }, shortName(service.name)),
      h('code', { class: 'clip' }, serving.map((part) => part.percent === 100 ? part.revision : `${part.revision} ${part.percent} %`).join(', ')),
      state(service.ready), ago(service.updated)),
    h('div', { class: 'row-body' },
      service.message && h('p', { class: 'problem' }, service.message),
      properties([['URL', h('code', {}, service.url)], [t('serviceAccount'), service.account]]),
      h('h3', {}, t('traffic')),
      h('ul', {}, service.traffic.map((part) => h('li', {}, `${part.percent} % `, h('code', {}, part.revision),
        part.tag && [' ', h('span', { class: 'badge' }, part.tag), ' ', h('code', { class: 'breaks' }, part.url)]))),
      h('h3', {}, t('revisions')),
      h('div', { class: 'runs' }, service.revisions.map((revision) => h('div', {},
        h('p', {}, h('code', {}, revision.id), ' ', state(revision.ready), ' ', at(revision.created)),
        properties([[t('image'), h('code', { class: 'breaks' }, revision.image)]]),
        revision.message && h('p', { class: 'problem' }, revision.message))))));
}
