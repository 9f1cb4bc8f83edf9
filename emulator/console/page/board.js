// A board: cards of which one is chosen, and below them what that one has. Queues and triggers are shown so.

import { h, fill, every, link } from './dom.js';
import { count } from './format.js';
import { t } from './words.js';

const pollMs = 1000;

/**
 * board keeps one up to date. list fetches what the cards are of, each with a name; look fetches what the chosen one has;
 * card and view draw them.
 */
export function board(main, signal, { section, empty, list, look, card, view }) {
  const cards = h('nav', { class: 'cards', 'aria-label': t(section) });
  const box = h('section', {});
  let chosen, shown = '';
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t(section))), cards, box);
  const load = async () => {
    const asked = chosen;
    try {
      const all = await list();
      const name = asked ?? all[0]?.name;
      const answer = name === undefined ? undefined : await look(name);
      const text = JSON.stringify([all, answer, name]);
      if (signal.aborted || text === shown || asked !== chosen) return;
      shown = text;
      fill(cards, all.length === 0 ? h('p', { class: 'empty' }, t(empty)) : all.map((one) =>
        h('a', { class: 'card', href: link(section, one.name), 'aria-current': one.name === name && 'true', 'data-key': one.name, title: one.name }, card(one), counts(one))));
      if (answer) fill(box, view(box, answer, load));
    } catch (error) {
      if (!signal.aborted) fill(box, h('p', { class: 'problem' }, error.message));
      shown = '';
    }
  };
  every(pollMs, signal, load);
  return (parts) => {
    if (parts[0] === chosen) return;
    chosen = parts[0];
    load();
  };
}

function counts(one) {
  return h('small', {}, ['waiting', 'running', 'done', 'dead'].map((key) =>
    h('span', { class: key === 'dead' && one[key] > 0 && 'is-bad' }, `${t(key)} ${count(one[key])}`)));
}

/** stateBadge shows where a task or an event is in its life. */
export function stateBadge(state) {
  const [word, look] = { waiting: ['waiting', ''], running: ['running', 'run'], done: ['done', 'good'], dead: ['dead', 'bad'], deleted: ['taskDeleted', ''] }[state];
  return h('span', { class: 'badge ' + look }, t(word));
}

/** keptOpen draws details, each open if the one of its data-name was. */
export function keptOpen(box, items, draw) {
  const open = new Set([...box.querySelectorAll('details[open][data-name]')].map((d) => d.dataset.name));
  return items.map((item) => {
    const details = draw(item);
    details.open = open.has(details.dataset.name);
    return details;
  });
}

/** heading names the columns of rows. */
export const heading = (...keys) => h('div', { class: 'row-head', 'aria-hidden': 'true' }, keys.map((key) => h('span', {}, t(key))));
