// What the month costs: the bill's lines, what costs most, and a graph of the days. Other consoles share it.

import { h, svg, fill, poll } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { bytes, count, day, decimal, won } from './amounts.js';
import { t } from './words.js';

const itemWords = {
  'firestore.reads': 'itemReads', 'firestore.writes': 'itemWrites', 'firestore.deletes': 'itemDeletes', 'firestore.ttlDeletes': 'itemTTLDeletes',
  'firestore.stored': 'itemStored', 'firestore.egress': 'itemEgress',
  'storage.classA': 'itemClassA', 'storage.classB': 'itemClassB', 'storage.stored': 'itemStored', 'storage.egress': 'itemEgress', 'storage.cached': 'itemCached',
  'run.requests': 'itemRequests', 'run.cpu': 'itemCPU', 'run.memory': 'itemMemory', 'run.egress': 'itemEgress',
  'tasks.operations': 'itemOperations', 'scheduler.jobs': 'itemJobs', 'eventarc.events': 'itemEvents',
  'hosting.stored': 'itemStored', 'hosting.egress': 'itemEgress', 'hosting.cached': 'itemCached', 'auth.activeUsers': 'itemActiveUsers', 'messaging.messages': 'itemMessages',
  'secrets.versions': 'itemVersions', 'secrets.accesses': 'itemAccesses', 'images.stored': 'itemStored', 'logging.bytes': 'itemLogs',
};
const marks = { vendor: 'markVendor', 'second hand': 'markSecondHand', planned: 'markPlanned' };

/** show polls the bill and draws it below the text that hint returns for it. */
export function show(main, signal, pollMs, hint) {
  const box = h('section', { class: 'costs' });
  const months = h('select', { 'aria-label': t('month'), onchange: (e) => { chosen = e.target.value; fill(box, loading()); load(); } });
  const loading = () => h('p', { class: 'empty', role: 'status' }, t('billLoading'));
  let chosen = '', shown = '';
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('bill')), months), box);
  fill(box, loading());
  const load = async () => {
    const requested = chosen;
    try {
      const bill = await get('bill', { month: requested });
      const text = JSON.stringify({ ...bill, until: undefined }) + requested;
      if (signal.aborted || text === shown || requested !== chosen) return;
      shown = text;
      const all = bill.months.includes(bill.month) ? bill.months : [bill.month, ...bill.months];
      fill(months, all.map((month) => h('option', { value: month, selected: month === bill.month }, month)));
      fill(box, draw(bill, hint(bill)));
    } catch (error) {
      if (!signal.aborted) fill(box, h('p', { class: 'problem', role: 'alert' }, errorText(error)));
      shown = '';
    }
  };
  poll(pollMs, signal, load);
}

function draw(bill, hint) {
  const today = bill.days.find((d) => d.date === bill.today);
  const used = bill.lines.filter((line) => line.amount !== '0');
  return [
    h('dl', { class: 'figures' },
      today && figure('today', today.cost, t('atListPrice', { won: won(today.list.won) })),
      figure('month', bill.total, t('atListPrice', { won: won(bill.list.won) })),
      figure('projection', bill.projection, t('projectionText'))),
    h('p', { class: 'hint' }, hint),
    graph(bill),
    used.length === 0 ? h('p', { class: 'empty' }, t('nothingBilled')) : [
      h('h2', {}, t('billLines')),
      table(['service', 'item', 'used', 'freeOf', 'billed', 'price', 'cost'], used.map(lineCells)),
      h('h2', {}, t('dearest')),
      h('div', { class: 'shares' },
        shareTable('dearestActions', bill.actions), shareTable('dearestUsers', bill.users), shareTable('dearestCollections', bill.collections)),
    ],
  ];
}

function figure(word, money, hint) {
  return h('div', {}, h('dt', {}, t(word)), h('dd', { title: '$' + money.usd }, won(money.won)), h('dd', { class: 'hint' }, hint));
}

/** unit returns a unit to show behind a number, or nothing for counts, whose item says what is counted. */
const unit = (line) => /^[a-z]+$/.test(line.unit) ? '' : line.unit;

function lineCells(line) {
  const per = [line.per !== '1' && decimal(line.per), unit(line)].filter(Boolean).join(' ');
  return [
    line.service, t(itemWords[line.item]),
    h('span', { class: 'number' }, decimal(line.amount), ' ', h('small', {}, unit(line))),
    h('span', { class: 'number' }, decimal(line.free)), h('span', { class: 'number' }, decimal(line.billed)),
    h('span', { title: `${line.region}, ${line.date}: ${line.source}` }, `$${line.price}${per && ' / ' + per} `,
      h('span', { class: 'badge ' + (line.mark === 'vendor' ? 'good' : line.mark === 'planned' ? 'run' : '') }, t(marks[line.mark]))),
    h('span', { class: 'number', title: '$' + line.cost.usd }, won(line.cost.won)),
  ];
}

const numeric = new Set(['used', 'freeOf', 'billed', 'cost', 'share']);

/** table draws rows of cells below the titles, which are keys of words. */
function table(titles, rows) {
  const side = (title) => numeric.has(title) ? 'end' : '';
  return h('div', { class: 'table-box' }, h('table', {},
    h('thead', {}, h('tr', {}, titles.map((title) => h('th', { class: side(title) }, t(title))))),
    h('tbody', {}, rows.map((cells) => h('tr', {}, cells.map((cell, i) => h('td', { 'data-label': t(titles[i]), class: side(titles[i]) }, cell)))))));
}

function shareTable(title, shares) {
  return h('section', {}, h('h3', {}, t(title)), table(['name', 'share'], shares.map((share) => [
    h('div', {}, h('strong', { class: 'breaks' }, shareName(title, share)), h('small', {}, amounts(share.amounts))),
    h('div', { class: 'share' }, won(share.list.won), h('meter', { min: '0', max: '100', value: String(share.percent) }), h('small', {}, `${share.percent.toFixed(1)} %`)),
  ])));
}

function shareName(title, share) {
  if (share.name === '(stored)') return t('storedShare');
  if (share.name === '(other)') return t('otherShare');
  if (share.name === '') return t(title === 'dearestUsers' ? 'nobodyShare' : 'unnamedShare');
  return share.service ? `${share.name} (${share.service})` : share.name;
}

/** amounts lists what was used, without what is stored. */
function amounts(all) {
  const text = (item, n) => /egress|cached/.test(item) || item === 'logging.bytes' ? bytes(n) : item === 'run.cpu' ? `${decimal(n / 1000)} s` : count(n);
  return Object.entries(all).filter(([item]) => !/stored|jobs|versions|memory/.test(item)).sort()
    .map(([item, n]) => `${t(itemWords[item])} ${text(item, n)}`).join(' · ');
}

/** graph draws the list price of each day, and in front of it what is billed. */
function graph(bill) {
  const width = 720, height = 150, bottom = 18, top = 16;
  const highest = Math.max(...bill.days.map((d) => Number(d.list.won)), 1e-9);
  const step = width / bill.days.length;
  const bar = (className, i, value) => {
    const size = (height - bottom - top) * Math.min(1, value / highest);
    return svg('rect', { class: className, x: i * step + step * 0.15, y: height - bottom - size, width: step * 0.7, height: size });
  };
  return h('figure', { class: 'graph' },
    svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': t('graphTitle', { won: won(highest) }) },
      svg('text', { x: 0, y: 10 }, won(highest)),
      svg('line', { x1: 0, x2: width, y1: top, y2: top }),
      svg('line', { x1: 0, x2: width, y1: height - bottom, y2: height - bottom }),
      bill.days.map((d, i) => svg('g', { class: d.date === bill.today ? 'today' : '' },
        svg('title', {}, `${d.date}: ${won(d.cost.won)} (${won(d.list.won)})`),
        svg('rect', { class: 'area', x: i * step, y: 0, width: step, height }),
        bar('list', i, Number(d.list.won)), bar('cost', i, Number(d.cost.won)),
        (i === 0 || (i + 1) % 5 === 0) && svg('text', { x: (i + 0.5) * step, y: height - 4, class: 'middle' }, day(d.date))))),
    h('figcaption', { class: 'legend' }, h('span', { class: 'key list' }, t('graphList')), h('span', { class: 'key cost' }, t('graphCost'))));
}
