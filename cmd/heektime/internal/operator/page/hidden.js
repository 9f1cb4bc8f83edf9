// The accounts that are blocked or about to be deleted.

import { h, fill, link } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { at, states } from './format.js';
import { t } from './words.js';

export async function open(main, signal) {
  const box = h('section', {});
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('hidden'))), box);
  try {
    const { users, more } = await get('hidden');
    if (signal.aborted) return;
    fill(box, users.length === 0 ? h('p', { class: 'empty' }, t('noHidden')) : h('div', { class: 'table-box' }, h('table', {},
      h('thead', {}, h('tr', {}, ['username', 'uid', 'state', 'since', 'reason', 'until'].map((key) => h('th', { scope: 'col' }, t(key))))),
      h('tbody', {}, users.map((u) => h('tr', {},
        h('td', { 'data-label': t('username') }, u.username || t('none')),
        h('td', { 'data-label': t('uid') }, h('a', { href: link('users', u.uid) }, h('code', {}, u.uid))),
        h('td', { 'data-label': t('state') }, h('div', {}, states(u))),
        h('td', { 'data-label': t('since') }, at(u.blocked ? u.at : u.requested)),
        h('td', { class: 'wraps', 'data-label': t('reason') }, u.reason || t('none')),
        h('td', { 'data-label': t('until') }, u.deleting && !u.purging ? at(u.until) : t('none'))))))), more && h('p', { class: 'hint' }, t('moreHidden')));
  } catch (error) {
    if (!signal.aborted) fill(box, h('p', { class: 'problem', role: 'alert' }, errorText(error)));
  }
}
