// Measures what docs/web.md says of speed, on an emulated mid-range phone: a processor four times slower, 1.6 Mbit/s and 150 ms.
// It looks at a local cloud that runs:
//
//   go run ./cmd/heektime dev                       in another terminal
//   node web/scripts/measure.mjs [http://127.0.0.1:5000] [RUNS]
//
// Each number is the median of the runs. The local Hosting compresses with gzip, Firebase's with Brotli, so that files are larger
// here. Chromium slows only the page down, not its workers.

import { launch } from './chromium.mjs'

const origin = process.argv[2] ?? 'http://127.0.0.1:5000'
const runs = Number(process.argv[3] ?? 5)
const school = process.env.SCHOOL ?? '데모대학교'
const semester = process.env.SEMESTER ?? '2026년 2학기'

const slow = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 }

/** Makes a page, and its workers, as slow as a phone. */
async function slowDown(page) {
  await page.send('Network.enable')
  await page.send('Network.emulateNetworkConditions', slow)
  await page.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  page.on(({ method, params }) => {
    if (method !== 'Target.attachedToTarget') return
    // A worker that waits answers nothing before it runs.
    for (const [command, parameters] of [['Network.enable', {}], ['Network.emulateNetworkConditions', slow], ['Runtime.runIfWaitingForDebugger', {}]]) {
      page.send(command, parameters, params.sessionId).catch(() => {}) // not every kind has a network of its own
    }
  })
  await page.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true })
}

const paint = `new Promise((resolve) => new PerformanceObserver((list) => {
  const entry = list.getEntriesByName('first-contentful-paint')[0]
  if (entry) resolve(entry.startTime)
}).observe({ type: 'paint', buffered: true }))`
/** When the first lecture was on the screen, in milliseconds since the page began to load. */
const searchable = `ui.finds('.virtual .row').then(() => performance.now())`
/** The sum of all unexpected movements. https://web.dev/articles/cls */
const shift = `new Promise((resolve) => {
  let sum = 0
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value }).observe({ type: 'layout-shift', buffered: true })
  setTimeout(() => resolve(sum), 100)
})`
/** How long a key waits for its result. */
const key = `(async () => {
  const times = []
  for (const query of ['ㄷ', 'ㄷㅇ', 'ㄷㅇㅌ', '데', '데이', '데이터', '데이터 ㄱ', '데이터 구조']) {
    const before = document.querySelector('.count').textContent
    const began = performance.now()
    await ui.fill('강의 찾기', query)
    const changed = ui.until(() => document.querySelector('.count').textContent !== before).then(() => times.push(performance.now() - began))
    await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, 1000))]) // or as many are found as before
  }
  return times.sort((a, b) => a - b)[times.length >> 1]
})()`
/** The share of frames that were late while the list scrolls by, in percent. */
const late = `(async () => {
  await ui.fill('강의 찾기', '')
  await ui.finds('.virtual')
  const list = document.querySelector('.virtual')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const gaps = []
  let last = await new Promise(requestAnimationFrame)
  for (let i = 0; i < 120; i++) {
    list.scrollTop += 120
    const now = await new Promise(requestAnimationFrame)
    gaps.push(now - last)
    last = now
  }
  return (100 * gaps.filter((gap) => gap > 17.5).length) / gaps.length
})()`

/** One visitor: opens the app for the first time, chooses a semester, opens the search, and comes back later. */
async function visit(browser) {
  const page = await browser.page()
  await page.screen({ width: 390, height: 844, phone: true })
  await slowDown(page)
  await page.load(`${origin}/`)
  const coldPaint = await page.evaluate(paint)
  await page.tap(school)
  await page.tap(semester)
  await page.tap('강의 찾기')
  const coldList = await page.evaluate(searchable)
  const coldShift = await page.evaluate(shift)
  const keyTime = await page.evaluate(key)
  const lateFrames = await page.evaluate(late)
  await page.evaluate('navigator.serviceWorker.ready.then(() => null)')
  await page.load(`${origin}/?again#search`)
  const warmPaint = await page.evaluate(paint)
  const warmList = await page.evaluate(searchable)
  const warmShift = await page.evaluate(shift)
  await page.close() // a page that is slowed down keeps a processor busy
  return { coldPaint, coldList, coldShift, warmPaint, warmList, warmShift, keyTime, lateFrames }
}

const browser = await launch()
const visits = []
for (let i = 0; i < runs; i++) visits.push(await visit(browser))
await browser.close()

const median = (name) => visits.map((one) => one[name]).sort((a, b) => a - b)[runs >> 1]
const seconds = (name) => `${(median(name) / 1000).toFixed(2)} s`
console.log(`| on an emulated phone | budget | first visit | later |
|---|---|---|---|
| first paint | 1.5 s | ${seconds('coldPaint')} | ${seconds('warmPaint')} |
| list can be searched | 3 s, later 1 s | ${seconds('coldList')} | ${seconds('warmList')} |
| layout shift | 0 | ${median('coldShift').toFixed(3)} | ${median('warmShift').toFixed(3)} |
| a key until its result is shown | | ${Math.round(median('keyTime'))} ms | |
| frames that are late while the list scrolls | | ${median('lateFrames').toFixed(0)} % | |`)
