// Lists that are fetched in pages and stay up to date.

import { poll, attempt } from './dom.js';

const pollMs = 2000;
const maxPolledPages = 20; // a longer list is refetched only when the user asks for more

/**
 * pages polls the first page, and further pages as the user asks for them, and draws when something has changed.
 * fetchPage(token) returns {items, next}. draw(items, more) receives a function that fetches another page, or
 * undefined at the end. failed(error) is called if nothing has been drawn yet. pages returns a function that
 * starts over with the first page.
 */
export function pages(signal, { fetchPage, draw, failed }) {
  let wanted = 1, shown = '', last = 0;
  const load = async () => {
    const mine = ++last; // the latest call wins
    const items = [];
    let token = '';
    for (let i = 0; i < wanted && (i === 0 || token); i++) {
      const page = await fetchPage(token);
      items.push(...page.items);
      token = page.next ?? '';
    }
    const text = JSON.stringify([items, token]);
    if (mine !== last || text === shown || signal.aborted) return;
    shown = text;
    draw(items, token ? () => attempt(() => { wanted++; return load(); }) : undefined);
  };
  const report = (error) => { if (!shown && !signal.aborted) failed(error); };
  poll(pollMs, signal, async () => { if (wanted <= maxPolledPages) await load().catch(report); });
  return () => {
    wanted = 1;
    return load().catch(report);
  };
}
