// The bill of the local cloud.

import { show } from './bill.js';
import { t } from './words.js';

const pollMs = 2000;

export function open(main, signal) { show(main, signal, pollMs, () => t('billText')); }
