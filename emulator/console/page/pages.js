// Lists that come in pages and stay up to date.

import { every, attempt } from './dom.js';

const pollMs = 2000;
const mostFollowed = 20; // pages: a longer list is fetched anew only when more of it is asked for

/**
 * pages fetches the first page, and others as they are asked for, again and again, and draws when anything has changed.
 * fetchPage(token) is {items, next}; draw(items, more) gets a function to ask for more, or undefined at the end, and
 * failed(error) what went wrong before anything was drawn. Returned is what starts anew at once.
 */
export function pages(signal, { fetchPage, draw, failed }) {
  let wanted = 1, shown = '', last = 0;
  const load = async () => {
    const mine = ++last; // a later one wins
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
  const tell = (error) => { if (!shown && !signal.aborted) failed(error); };
  every(pollMs, signal, async () => { if (wanted <= mostFollowed) await load().catch(tell); });
  return () => {
    wanted = 1;
    return load().catch(tell);
  };
}
