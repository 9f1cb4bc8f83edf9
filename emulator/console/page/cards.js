// Sections made of cards, of which one is selected, and the selected card's details below them: queues and
// triggers.

import { h, fill, poll, link } from './dom.js';
import { errorText } from './errors.js';
import { count } from './format.js';
import { t } from './words.js';

const pollMs = 1000;

/**
 * cardSection draws such a section and keeps it up to date. list fetches the items, each with a name; fetchDetails
 * fetches the details of the selected one; card and details draw them.
 */
export function cardSection(main, signal, { section, empty, list, fetchDetails, card, details }) {
  const cards = h('nav', { class: 'cards', 'aria-label': t(section) });
  const box = h('section', {});
  let chosen, shown = '';
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t(section))), cards, box);
  const load = async () => {
    const requested = chosen;
    try {
      const all = await list();
      const name = requested ?? all[0]?.name;
      const found = name === undefined ? undefined : await fetchDetails(name);
      const text = JSON.stringify([all, found, name]);
      if (signal.aborted || text === shown || requested !== chosen) return;
      shown = text;
      fill(cards, all.length === 0 ? h('p', { class: 'empty' }, t(empty)) : all.map((item) =>
        h('a', { class: 'card', href: link(section, item.name), 'aria-current': item.name === name && 'true', 'data-key': item.name, title: item.name }, card(item), counts(item))));
      if (found) fill(box, details(box, found, load));
    } catch (error) {
      if (!signal.aborted) fill(box, h('p', { class: 'problem' }, errorText(error)));
      shown = '';
    }
  };
  poll(pollMs, signal, load);
  return (parts) => {
    if (parts[0] === chosen) return;
    chosen = parts[0];
    load();
  };
}

function counts(item) {
  return h('small', {}, ['waiting', 'running', 'done', 'dead'].map((key) =>
    h('span', { class: key === 'dead' && item[key] > 0 && 'is-bad' }, `${t(key)} ${count(item[key])}`)));
}

/** stateBadge shows the state of a task or an event. */
export function stateBadge(state) {
  const [word, style] = { waiting: ['waiting', ''], running: ['running', 'run'], done: ['done', 'good'], dead: ['dead', 'bad'], deleted: ['taskDeleted', ''] }[state];
  return h('span', { class: 'badge ' + style }, t(word));
}

/** keptOpen draws details elements. Each is open if the one with the same data-name was. */
export function keptOpen(box, items, draw) {
  const open = new Set([...box.querySelectorAll('details[open][data-name]')].map((d) => d.dataset.name));
  return items.map((item) => {
    const details = draw(item);
    details.open = open.has(details.dataset.name);
    return details;
  });
}

/** heading shows the column names of rows. */
export const heading = (...keys) => h('div', { class: 'row-head', 'aria-hidden': 'true' }, keys.map((key) => h('span', {}, t(key))));
