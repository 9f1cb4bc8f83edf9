// How much processor time a key takes, whatever else the machine does: node search.bench.js, after compiling as the test in internal/listdelta does. Not a test: it measures
// this machine. A mid-range phone is taken to be four times slower, as Lighthouse takes it:
// https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md
//
//   FUSE=/path/to/fuse.mjs compares with Fuse.js, if it is there.

import { search } from '../../src/logic/search.ts'
import { buildIndex } from '../../src/logic/searchindex.ts'
import { realList, syntheticList } from './support.ts'

const keys = ['ㄷ', '데', '뎅', '데이', '데잍', '데이터', '데이터ㅂ', '데이터베', '자료구저', '프로그레밍', '데이터 김', 'ㄷㅇㅌ', 'ㅅㅎㄱ', 'cose', 'cose1', '정보관 2', 'programing', '없는과목이름입니다', 'wkfyrnwh']

function measure(name: string, find: (query: string) => number): void {
  for (const key of [...keys, ...keys]) find(key) // warm
  const times = keys.map((key) => {
    const runs = Array.from({ length: 15 }, () => {
      const begun = process.cpuUsage()
      for (let i = 0; i < 5; i++) find(key)
      const { user, system } = process.cpuUsage(begun)
      return (user + system) / 5000
    })
    return runs.sort((a, b) => a - b)[7]!
  })
  if (process.env["KEYS"]) console.log(keys.map((key, i) => `${key} ${times[i]!.toFixed(1)}`).join(", "))
  const slowest = Math.max(...times)
  const mean = times.reduce((sum, t) => sum + t, 0) / times.length
  console.log(`${name.padEnd(28)} mean ${mean.toFixed(2)} ms, slowest ${slowest.toFixed(2)} ms (${keys[times.indexOf(slowest)]}), on a phone ${(4 * slowest).toFixed(1)} ms`)
}

for (const [name, lectures] of [['5,000 made up', syntheticList(5000)], ['real', realList() ?? []]] as const) {
  if (lectures.length === 0) continue
  const begun = process.cpuUsage()
  const index = buildIndex(lectures)
  const { user } = process.cpuUsage(begun)
  console.log(`${name}: ${lectures.length} lectures, indexed in ${(user / 1000).toFixed(0)} ms, ${index.texts.length} texts`)
  measure('  search', (query) => search(index, { query }).hits.length)
  measure('  naive filter', (query) => {
    const q = query.toLowerCase().replace(/\s/g, '')
    return lectures.filter((l) => [l.title, l.identifier, l.professor, ...l.times.map((t) => t.room)].some((t) => t.toLowerCase().replace(/\s/g, '').includes(q))).length
  })
  const fuse = process.env['FUSE']
  if (fuse && name !== "real") {
    const { default: Fuse } = (await import(fuse)) as { default: new (list: unknown, options: object) => { search(query: string): unknown[] } }
    const searcher = new Fuse(lectures, { keys: ['title', 'identifier', 'professor', 'times.room'], threshold: 0.3, ignoreLocation: true })
    measure('  Fuse.js', (query) => searcher.search(query).length)
  }
}
