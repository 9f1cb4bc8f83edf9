// Task queues, their tasks and attempts.

import { h, fill, every, link, attempt } from './dom.js';
import { confirm } from './dialog.js';
import { get, post } from './api.js';
import { ago, count, lastOf, status } from './format.js';
import { facts } from './storage.js';
import { attemptList, keptOpen } from './attempts.js';
import { t } from './words.js';

const pollMs = 1000;

export function open(main, signal) {
  const queues = h('nav', { class: 'cards', 'aria-label': t('tasks') });
  const list = h('section', {});
  let chosen, shown = '';
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('tasks'))), queues, list);
  const load = async () => {
    try {
      const all = (await get('queues')).queues;
      const name = chosen ?? all[0]?.name;
      const answer = name === undefined ? undefined : await get('tasks', { queue: name });
      const text = JSON.stringify([all, answer, name]);
      if (signal.aborted || text === shown || chosen !== undefined && chosen !== name) return;
      shown = text;
      fill(queues, all.length === 0 ? h('p', { class: 'empty' }, t('noQueues')) : all.map((q) => card(q, q.name === name)));
      if (answer) fill(list, queueView(list, answer, load));
    } catch (error) {
      if (!signal.aborted) fill(list, h('p', { class: 'problem' }, error.message));
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

function card(q, current) {
  return h('a', { class: 'card', href: link('tasks', q.name), 'aria-current': current && 'true', 'data-key': q.name, title: q.name },
    h('strong', {}, lastOf(q.name)), q.state === 'PAUSED' && h('span', { class: 'badge run' }, t('paused')),
    h('small', {}, [['waiting', q.waiting], ['running', q.running], ['done', q.done], ['dead', q.dead]].map(([key, n]) =>
      h('span', { class: key === 'dead' && n > 0 && 'is-bad' }, `${t(key)} ${count(n)} `))));
}

function queueView(box, { queue, tasks, more }, reload) {
  const act = (action, done) => attempt(async () => { await post('queue', { name: queue.name, action }); await reload(); }, done);
  const limits = t('queueLimits', {
    rate: queue.perSecond, n: queue.concurrent, attempts: queue.maxAttempts < 0 ? t('unlimitedAttempts') : t('attemptsCount', { n: queue.maxAttempts }),
  });
  const paused = queue.state === 'PAUSED';
  return [
    h('header', { class: 'bar' }, h('h2', {}, lastOf(queue.name)), h('span', { class: 'soft' }, limits), h('span', { class: 'space' }),
      h('button', { 'data-key': 'pause', onclick: () => act(paused ? 'resume' : 'pause') }, t(paused ? 'resume' : 'pause')),
      h('button', {
        class: 'quiet danger', 'data-key': 'purge',
        onclick: () => confirm({ title: t('purgeQueue'), text: t('purgeText', { queue: lastOf(queue.name) }), label: t('purge'), action: () => act('purge', t('deleted')) }),
      }, t('purge'))),
    tasks.length === 0 ? h('p', { class: 'empty' }, t('noTasks'))
      : h('div', { class: 'rows tasks' },
        h('div', { class: 'row-head', 'aria-hidden': 'true' }, ['state', 'name', 'due', 'attempts', 'lastStatus'].map((key) => h('span', {}, t(key)))),
        keptOpen(box, tasks, (task) => row(task, reload))),
    more > 0 && h('p', { class: 'soft' }, t('moreTasks', { n: count(more) })),
  ];
}

const looks = { waiting: ['waiting', ''], running: ['running', 'run'], done: ['done', 'good'], dead: ['dead', 'bad'], deleted: ['taskDeleted', ''] };

function row(task, reload) {
  const [word, look] = looks[task.state];
  const act = (action, done) => attempt(async () => { await post('task', { name: task.name, action }); await reload(); }, done);
  const live = task.state === 'waiting' || task.state === 'running';
  return h('details', { 'data-name': task.name },
    h('summary', { 'data-key': task.name },
      h('span', { class: 'badge ' + look }, t(word)), h('code', { class: 'clip' }, lastOf(task.name)),
      task.ended ? ago(task.ended) : ago(task.due), h('span', {}, count(task.count)), status(task.attempts.at(-1))),
    h('div', { class: 'row-body' },
      live && h('p', { class: 'buttons' },
        h('button', { class: 'primary', 'data-key': 'run/' + task.name, onclick: () => act('run', t('started')) }, t('runNow')),
        h('button', { class: 'quiet danger', 'data-key': 'delete/' + task.name, onclick: () => act('delete', t('deleted')) }, t('delete'))),
      h('h3', {}, t('attempts')), attemptList(task.attempts),
      h('h3', {}, t('target')), facts([
        [task.method, h('code', {}, task.url)], [t('signedAs'), task.account],
        [t('headers'), task.headers && Object.entries(task.headers).map(([k, v]) => h('div', {}, h('code', {}, `${k}: ${v}`)))],
        [t('body'), task.bodySize > 0 && [task.body && h('pre', {}, task.body), h('small', { class: 'soft' }, t('bodyCut', { n: count(task.bodySize) }))]],
      ])));
}
