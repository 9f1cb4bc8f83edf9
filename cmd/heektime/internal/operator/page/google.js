// Links to Google's own pages.

import { h, fill } from './dom.js';
import { t } from './words.js';

export function open(main, signal, state) {
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('google_pages'))),
    h('p', {}, t(state.google ? 'googleText' : 'localText')), h('br', {}),
    h('div', { class: 'cards' }, ['alerts', 'invoices', 'logs', 'services', 'firestore'].filter((name) => state.links[name]).map((name) =>
      h('a', { class: 'card', href: state.links[name], target: '_blank', rel: 'noreferrer' }, h('strong', {}, t(name))))));
}
