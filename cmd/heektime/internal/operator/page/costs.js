// What the month costs. The page is that of the local console, from the usage that heektime bill reads.

import { show } from './bill.js';
import { moment } from './format.js';
import { t } from './words.js';

const pollMs = 5 * 60000; // the usage is kept as long

export function open(main, signal, state) {
  show(main, signal, pollMs, (bill) => [
    t(state.google ? 'billGoogle' : 'billLocal', { until: moment(bill.until) }), ' ',
    bill.unmeasured.length > 0 && t('billUnmeasured', { items: bill.unmeasured.join(', ') }),
  ]);
}
