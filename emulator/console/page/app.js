// The frame around the sections: navigation, project, clock, language and theme. Each section is a module. Its
// open function draws the section and may return a function to call with the rest of the URL's fragment.

import { h, fill, poll, link, attempt, toast } from './dom.js';
import { get, post, connection } from './api.js';
import { dialog } from './dialog.js';
import { updateAgo, moment, now, setClock } from './format.js';
import { t, language, otherLanguage, setLanguage } from './words.js';
import * as firestore from './firestore.js';
import * as users from './users.js';
import * as storage from './storage.js';
import * as tasks from './tasks.js';
import * as schedules from './schedules.js';
import * as triggers from './triggers.js';
import * as services from './services.js';
import * as messages from './messages.js';
import * as requests from './requests.js';
import * as rules from './rules.js';
import * as bill from './costs.js';
import * as alerts from './alerts.js';

const sections = { firestore, users, storage, tasks, schedules, triggers, services, messages, requests, rules, bill, alerts };

const state = { project: '', projects: [], databases: [] };
const main = h('main', { id: 'main', tabindex: '-1' });
let current = {}; // the open section: name, project, running (an AbortController), route (what open returned)

/** address returns the section and the item that the URL's fragment names. */
function address() {
  const [name, ...parts] = location.hash.replace(/^#\/?/, '').split('/').map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return { name: Object.hasOwn(sections, name) ? name : 'firestore', parts: parts.filter((part, i) => part !== '' || i > 0) };
}

function route() {
  if (!state.project) return; // before the first overview
  const { name, parts } = address();
  if (current.name !== name || current.project !== state.project) {
    current.running?.abort();
    const running = new AbortController();
    main.className = name;
    current = { name, project: state.project, running, route: sections[name].open(main, running.signal, state) };
    for (const a of document.querySelectorAll('.sections a')) {
      if (a.dataset.section === name) {
        a.setAttribute('aria-current', 'page');
        a.scrollIntoView({ inline: 'nearest', block: 'nearest' }); // on narrow screens the sections are in one scrolling row
      } else a.removeAttribute('aria-current');
    }
    document.title = `${t(name)} · ${t('title')}`;
  }
  current.route?.(parts);
}

function frame() {
  document.documentElement.lang = language();
  const time = h('button', { class: 'quiet clock', title: t('clockTitle'), 'aria-label': t('clockTitle'), onclick: () => advance(tick) });
  const tick = () => {
    const text = moment(now());
    if (time.textContent !== text) time.textContent = text;
    updateAgo();
  };
  const lost = h('p', { class: 'lost', role: 'alert', hidden: true }, t('lost'));
  connection.addEventListener('change', (event) => { lost.hidden = event.detail; }, { signal: running.signal });
  const [code, name] = otherLanguage();
  const project = h('select', { 'aria-label': t('project'), onchange: (e) => { state.project = e.target.value; location.hash = link(address().name); route(); } });
  document.body.replaceChildren(
    h('a', { class: 'skip', href: '#main', onclick: (e) => { e.preventDefault(); main.focus(); } }, t('skip')),
    h('aside', { class: 'frame' },
      h('div', { class: 'brand' }, h('strong', {}, t('title')), project),
      h('nav', { class: 'sections', 'aria-label': t('title') }, Object.keys(sections).map((key) => h('a', { href: link(key), 'data-section': key }, t(key)))),
      h('div', { class: 'settings' }, time,
        h('button', { class: 'quiet', lang: code, onclick: () => { setLanguage(code); start(); } }, name),
        themeChoice())),
    h('div', { class: 'content' }, lost, main));
  return { tick, project };
}

function themeChoice() {
  const chosen = document.documentElement.dataset.theme ?? 'auto';
  return h('select', {
    'aria-label': t('theme'), class: 'quiet', onchange(event) {
      const theme = event.target.value;
      if (theme === 'auto') delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      localStorage.setItem('theme', theme);
    },
  }, [['auto', 'themeAuto'], ['light', 'themeLight'], ['dark', 'themeDark']].map(([value, word]) => h('option', { value, selected: value === chosen }, t(word))));
}

function advance(tick) {
  const steps = { minute: 60, tenMinutes: 600, hour: 3600, day: 86400, week: 604800 };
  dialog({
    title: t('clockTitle'), label: t('advance'),
    body: [h('p', {}, t('clockText')), h('fieldset', { class: 'choices' }, h('legend', {}, t('clockBy')), Object.entries(steps).map(([word, seconds], i) =>
      h('label', {}, h('input', { type: 'radio', name: 'seconds', value: String(seconds), checked: i === 0 }), ' ', t(word))))],
    async submit(form) {
      apply(await post('clock', {}, { seconds: Number(form.get('seconds')) }));
      tick();
      toast(t('clockNow', { time: moment(now()) }));
    },
  });
}

/** apply stores the contents of an overview. */
function apply(overview) {
  setClock(overview.now);
  state.databases = overview.databases;
  state.projects = overview.projects;
  state.project ||= overview.project;
  document.querySelector('.sections a[data-section="bill"]').hidden = !overview.bill;
  const alerts = document.querySelector('.sections a[data-section="alerts"]');
  alerts.hidden = overview.alerts === undefined;
  fill(alerts, t('alerts'), overview.alerts > 0 && [' ', h('span', { class: 'badge bad' }, String(overview.alerts))]);
}

let running = new AbortController();

async function start() {
  running.abort();
  running = new AbortController();
  current.running?.abort();
  current = {};
  const { tick, project } = frame();
  let shown = '';
  const refresh = async () => {
    apply(await get('overview'));
    const text = state.projects.join('\n') + '\n' + state.project;
    if (text !== shown) fill(project, state.projects.map((p) => h('option', { value: p, selected: p === state.project }, p)));
    shown = text;
    tick();
  };
  if (!await attempt(refresh)) {
    document.querySelector('.lost').hidden = false;
    setTimeout(start, 2000);
    return;
  }
  poll(5000, running.signal, () => refresh().catch(() => {}));
  poll(1000, running.signal, async () => tick());
  route();
}

window.addEventListener('hashchange', route);
start();
