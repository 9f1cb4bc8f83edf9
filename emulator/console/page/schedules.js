// The jobs of Cloud Scheduler and their runs.

import { h, fill, poll, attempt } from './dom.js';
import { errorText } from './errors.js';
import { get, post } from './api.js';
import { ago, at, properties, shortName, status } from './format.js';
import { heading, keptOpen } from './cards.js';
import { attemptList } from './attempts.js';
import { t } from './words.js';

const pollMs = 1000;

export function open(main, signal) {
  const list = h('section', {});
  let shown = '';
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('schedules'))), list);
  const load = async () => {
    try {
      const { jobs } = await get('jobs');
      const text = JSON.stringify(jobs);
      if (signal.aborted || text === shown) return;
      const first = shown === '';
      shown = text;
      const rows = keptOpen(list, jobs, (job) => row(job, load));
      if (first && rows.length === 1) rows[0].open = true;
      fill(list, jobs.length === 0 ? h('p', { class: 'empty' }, t('noJobs'))
        : h('div', { class: 'rows jobs' },
          heading('name', 'schedule', 'nextRun', 'lastRun', 'lastStatus'), rows));
    } catch (error) {
      if (!signal.aborted) fill(list, h('p', { class: 'problem' }, errorText(error)));
      shown = '';
    }
  };
  poll(pollMs, signal, load);
}

function row(job, reload) {
  const act = (action, done) => attempt(async () => { await post('job', { name: job.name, action }); await reload(); }, done);
  const paused = job.state === 'PAUSED';
  return h('details', { 'data-name': job.name },
    h('summary', { 'data-key': job.name },
      h('strong', { class: 'clip', title: job.name }, shortName(job.name)), h('code', {}, job.schedule),
      paused ? h('span', { class: 'badge run' }, t('paused')) : ago(job.next), ago(job.last), status(job.runs[0]?.attempts.at(-1))),
    h('div', { class: 'row-body' },
      h('p', { class: 'buttons' },
        h('button', { class: 'primary', 'data-key': 'run/' + job.name, onclick: () => act('run', t('started')) }, t('runNow')),
        h('button', { 'data-key': 'pause/' + job.name, onclick: () => act(paused ? 'resume' : 'pause') }, t(paused ? 'resume' : 'pause'))),
      properties([[job.method, h('code', {}, job.url)], [t('schedule'), [h('code', {}, job.schedule), ' ', job.zone]], [t('serviceAccount'), job.account]]),
      h('h3', {}, t('runs')),
      job.runs.length === 0 ? h('p', { class: 'empty' }, t('noRuns'))
        : h('div', { class: 'runs' }, job.runs.map((r) => h('div', {},
          h('p', {}, at(r.slot), r.forced && [' ', h('span', { class: 'badge' }, t('forced'))], r.next && [' · ', t('due'), ' ', ago(r.next)]),
          attemptList(r.attempts))))));
}
