// Formats of sizes, counts and money. Other consoles share them.

import { language } from './words.js';

/** bytes formats a size. */
export function bytes(n) {
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (n < 1024 || unit === 'GiB') return `${Number.isInteger(n) ? n : n.toFixed(1)} ${unit}`;
    n /= 1024;
  }
}

/** decimal formats a number: a small one with three significant digits. */
export function decimal(n) {
  const value = Number(n);
  const digits = Math.abs(value) < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return new Intl.NumberFormat(language(), digits).format(value);
}

/** won formats an amount of won. */
export const won = (n) => '₩' + decimal(n);

/** day formats the day of a month of a date such as 2026-11-29. */
export const day = (date) => String(Number(date.slice(-2)));

export const count = (n) => new Intl.NumberFormat(language()).format(n);
