// The queues of Cloud Tasks, their tasks and attempts.

import { h, attempt } from './dom.js';
import { cardSection, heading, keptOpen, stateBadge } from './cards.js';
import { confirm } from './dialog.js';
import { get, post } from './api.js';
import { ago, count, properties, shortName, status } from './format.js';
import { attemptList } from './attempts.js';
import { t } from './words.js';

export const open = (main, signal) => cardSection(main, signal, {
  section: 'tasks',
  empty: 'noQueues',
  list: async () => (await get('queues')).queues,
  fetchDetails: (queue) => get('tasks', { queue }),
  card: (q) => [h('strong', {}, shortName(q.name)), q.state === 'PAUSED' && h('span', { class: 'badge run' }, t('paused'))],
  details: queueDetails,
});

function queueDetails(box, { queue, tasks, more }, reload) {
  const act = (action, done) => attempt(async () => { await post('queue', { name: queue.name, action }); await reload(); }, done);
  const limits = t('queueLimits', {
    rate: queue.perSecond, n: queue.concurrent, attempts: queue.maxAttempts < 0 ? t('unlimitedAttempts') : t('attemptsCount', { n: queue.maxAttempts }),
  });
  const paused = queue.state === 'PAUSED';
  return [
    h('header', { class: 'bar' }, h('h2', {}, shortName(queue.name)), h('span', { class: 'soft' }, limits), h('span', { class: 'space' }),
      h('button', { 'data-key': 'pause', onclick: () => act(paused ? 'resume' : 'pause') }, t(paused ? 'resume' : 'pause')),
      h('button', {
        class: 'quiet danger', 'data-key': 'purge',
        onclick: () => confirm({ title: t('purgeQueue'), text: t('purgeText', { queue: shortName(queue.name) }), label: t('purge'), action: () => act('purge', t('deleted')) }),
      }, t('purge'))),
    tasks.length === 0 ? h('p', { class: 'empty' }, t('noTasks'))
      : h('div', { class: 'rows tasks' },
        heading('state', 'name', 'dueOrEnded', 'attempts', 'lastStatus'),
        keptOpen(box, tasks, (task) => row(task, reload))),
    more > 0 && h('p', { class: 'soft' }, t('moreTasks', { n: count(more) })),
  ];
}

function row(task, reload) {
  const act = (action, done) => attempt(async () => { await post('task', { name: task.name, action }); await reload(); }, done);
  const pending = task.state === 'waiting' || task.state === 'running';
  return h('details', { 'data-name': task.name },
    h('summary', { 'data-key': task.name },
      stateBadge(task.state), h('code', { class: 'clip' }, shortName(task.name)),
      task.ended ? ago(task.ended) : ago(task.due), h('span', {}, count(task.count)), status(task.attempts.at(-1))),
    h('div', { class: 'row-body' },
      pending && h('p', { class: 'buttons' },
        h('button', { class: 'primary', 'data-key': 'run/' + task.name, onclick: () => act('run', t('started')) }, t('runNow')),
        h('button', { class: 'quiet danger', 'data-key': 'delete/' + task.name, onclick: () => act('delete', t('deleted')) }, t('delete'))),
      h('h3', {}, t('attempts')), attemptList(task.attempts),
      h('h3', {}, t('target')), properties([
        [task.method, h('code', {}, task.url)], [t('serviceAccount'), task.account],
        [t('headers'), task.headers && Object.entries(task.headers).map(([k, v]) => h('div', {}, h('code', {}, `${k}: ${v}`)))],
        [t('body'), task.bodySize > 0 && [task.body && h('pre', {}, task.body), h('small', { class: 'soft' }, t('bodySize', { n: count(task.bodySize) }))]],
      ])));
}
