// The frame around the sections, and what they share.

import { h, fill, link } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { t, language, otherLanguage, setLanguage } from './words.js';
import * as users from './users.js';
import * as hidden from './hidden.js';
import * as refreshes from './refreshes.js';
import * as announcements from './announcements.js';
import * as migration from './migration.js';
import * as bill from './costs.js';
import * as google_pages from './google.js';

const sections = { users, hidden, refreshes, announcements, bill, migration, google_pages };
const main = h('main', { id: 'main', tabindex: '-1' });
let state;

function address() {
  const [name, ...parts] = location.hash.replace(/^#\/?/, '').split('/').map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return { name: Object.hasOwn(sections, name) ? name : 'users', parts };
}

let running = new AbortController();

function route() {
  if (!state) return;
  running.abort();
  running = new AbortController();
  const { name, parts } = address();
  for (const a of document.querySelectorAll('.sections a')) {
    if (a.dataset.section === name) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  }
  document.title = `${t(name)} · ${state.project} · ${t('title')}`;
  sections[name].open(main, running.signal, state, parts);
}

function frame() {
  document.documentElement.lang = language();
  const [code, name] = otherLanguage();
  document.body.replaceChildren(
    h('a', { class: 'skip', href: '#main', onclick: (e) => { e.preventDefault(); main.focus(); } }, t('skip')),
    h('aside', { class: 'frame' },
      h('div', { class: 'brand' }, h('strong', {}, t('title')),
        h('span', {}, h('span', { class: 'badge ' + (state?.google ? 'bad' : 'good') }, t(state?.google ? 'google' : 'local')), ' ', h('code', { class: 'breaks' }, state?.project))),
      h('nav', { class: 'sections', 'aria-label': t('title') }, Object.keys(sections).map((key) => h('a', { href: link(key), 'data-section': key }, t(key)))),
      h('div', { class: 'settings' }, h('button', { class: 'quiet', lang: code, onclick: () => { setLanguage(code); frame(); route(); } }, name))),
    h('div', { class: 'content' }, main));
}

async function start() {
  try {
    state = await get('overview');
  } catch (error) {
    frame();
    fill(main, h('p', { class: 'problem', role: 'alert' }, errorText(error)));
    return;
  }
  frame();
  route();
}

window.addEventListener('hashchange', route);
start();
