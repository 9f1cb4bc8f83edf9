// Prints how much the browser loads, and fails if that is more than the budget. Sizes are those of a file as Hosting sends it:
// Brotli, or gzip to clients that cannot do it. docs/web.md has the table.

import { readdirSync, readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const folder = new URL('../dist/assets/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.js')).sort()
const kB = (bytes) => Math.ceil(bytes / 100) / 10
const sizes = files.map((name) => {
  const text = readFileSync(new URL(name, folder))
  return { name: name.replace(/-.{8}\.js$/, ''), gzip: gzipSync(text, { level: 9 }).length, brotli: brotliCompressSync(text).length }
})

/** What is loaded until the list can be searched. */
const firstUse = new Set(['index', 'worker'])

/** What is Firebase's, almost all of it. */
const sdk = new Set(['firebase', 'push'])
const sum = (of, key) => of.reduce((total, file) => total + file[key], 0)
const first = sizes.filter(({ name }) => firstUse.has(name))
const budgets = [
  { what: 'to first use, gzip', size: kB(sum(first, 'gzip')), most: 140 },
  { what: 'our own code, gzip', size: kB(sum(sizes.filter(({ name }) => !sdk.has(name)), 'gzip')), most: 60 },
  { what: 'all, gzip', size: kB(sum(sizes, 'gzip')), most: 220 },
]

console.log('JavaScript, kB           gzip  Brotli')
for (const { name, gzip, brotli } of sizes) console.log(name.padEnd(22), String(kB(gzip)).padStart(6), String(kB(brotli)).padStart(7))
for (const { what, size, most } of budgets) console.log(`${what}: ${size} kB of ${most}`)
if (budgets.some(({ size, most }) => size > most)) {
  console.error('The budget is exceeded: docs/web.md says what it is for.')
  process.exit(1)
}
