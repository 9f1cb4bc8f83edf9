// Alerts of the program that runs the local cloud, those that fire first.

import { h, fill, poll } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { ago, properties } from './format.js';
import { heading, keptOpen } from './cards.js';
import { t } from './words.js';

const pollMs = 2000;

export function open(main, signal) {
  const list = h('section', {});
  let shown = '';
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('alerts'))), list);
  poll(pollMs, signal, async () => {
    try {
      const { alerts } = await get('alerts');
      const text = JSON.stringify(alerts);
      if (signal.aborted || text === shown) return;
      shown = text;
      const firing = alerts.filter((a) => a.since), silent = alerts.filter((a) => !a.since);
      fill(list, firing.length === 0 && h('p', { class: 'empty' }, t('noAlerts')),
        h('div', { class: 'rows alarms' }, heading('alert', 'severity', 'since'), keptOpen(list, [...firing, ...silent], row)));
    } catch (error) {
      if (!signal.aborted) fill(list, h('p', { class: 'problem' }, errorText(error)));
      shown = '';
    }
  });
}

function row(alert) {
  return h('details', { 'data-name': alert.id },
    h('summary', { 'data-key': alert.id },
      h('strong', { class: 'clip', title: alert.title }, alert.title),
      h('code', {}, alert.severity),
      alert.since ? h('span', { class: 'badge bad' }, t('firing'), ' ', ago(alert.since)) : h('span', { class: 'badge good' }, t('silent'))),
    h('div', { class: 'row-body' },
      alert.met && alert.met.map((met) => h('p', { class: 'problem' }, met)),
      properties([[t('alertMeans'), alert.means], [t('alertDo'), alert.do], [t('alertWhen'), alert.conditions.join('; ')], ['ID', h('code', {}, alert.id)]])));
}
