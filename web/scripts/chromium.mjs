// A headless Chromium for the scripts that look at the app, through Chrome's DevTools protocol over a pair of pipes, for which no
// package is needed. https://chromedevtools.github.io/devtools-protocol/
//
//   const browser = await launch()          the program is $CHROMIUM, or chromium
//   const page = await browser.page()       a device of its own: storage, caches, cookies
//   await page.send('Page.navigate', { url })
//   await page.evaluate('document.title')
//   await page.close()
//   await browser.close()

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The helpers of the end-to-end tests: find what a user sees by its name, and wait for it. */
const ui = readFileSync(new URL('../../internal/tests/webclient/testdata/ui.js', import.meta.url), 'utf8')

/** Starts Chromium. */
export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), 'heektime-chromium-'))
  const program = spawn(process.env.CHROMIUM ?? 'chromium', [
    '--headless', '--no-sandbox', '--hide-scrollbars', '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank',
  ], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const ended = new Promise((resolve, reject) => { program.on('exit', resolve).on('error', reject) })
  const send = connect(program.stdio[3], program.stdio[4], ended)
  return {
    async page() {
      const { browserContextId } = await send('Target.createBrowserContext')
      const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId })
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
      const page = await pageOf(send, sessionId)
      return { ...page, close: () => send('Target.disposeBrowserContext', { browserContextId }) }
    },
    async close() {
      await send('Browser.close')
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) // its processes may still write
    },
  }
}

/** Connects to a browser. Returns a function that sends a command and resolves with its result. */
function connect(commands, replies, ended) {
  const waiting = new Map()
  const listeners = new Set()
  let last = 0
  let rest = ''
  replies.setEncoding('utf8').on('data', (text) => {
    const messages = (rest + text).split('\0')
    rest = messages.pop()
    messages.map((message) => JSON.parse(message)).forEach(receive)
  })
  const receive = (message) => {
    if (!message.id) return [...listeners].forEach((listener) => listener(message))
    const { resolve, reject } = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error) reject(new Error(message.error.message))
    else resolve(message.result)
  }
  ended.then(() => 'Chromium ended', String).then((why) => waiting.forEach(({ reject }) => reject(new Error(why))))
  const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject })
    commands.write(`${JSON.stringify({ id: last, method, params, ...(sessionId && { sessionId }) })}\0`)
  })
  /** Calls a function with each event of a page and of its workers. Returns a function that stops that. */
  send.on = (listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return send
}

async function pageOf(sendTo, sessionId) {
  const send = (method, params, session = sessionId) => sendTo(method, params, session)
  const next = (method) => new Promise((resolve) => {
    const stop = sendTo.on((event) => {
      if (event.method !== method || event.sessionId !== sessionId) return
      stop()
      resolve(event.params)
    })
  })
  const page = {
    send, on: sendTo.on,
    /** Evaluates an expression, and awaits it if it is a promise. */
    async evaluate(expression) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
      if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`)
      return result.value
    },
    /** Loads an address and waits until it has loaded. A fragment alone is no other address: load about:blank between. */
    async load(url) {
      const loaded = next('Page.loadEventFired')
      await send('Page.navigate', { url })
      await loaded
    },
    async screen({ width, height, phone = false, dark = false, scale = 1 }) {
      await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: phone })
      await send('Emulation.setTouchEmulationEnabled', { enabled: phone })
      await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] })
    },
    click: (name) => page.evaluate(`ui.click(${JSON.stringify(name)})`),
    /** A finger's tap, which a script's click is not: what moves after it was asked for. */
    async tap(name) {
      const place = await page.evaluate(`ui.place(${JSON.stringify(name)})`)
      await send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [place] })
      await send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    },
    fill: (label, text) => page.evaluate(`ui.fill(${JSON.stringify(label)}, ${JSON.stringify(text)})`),
    sees: (text) => page.evaluate(`ui.sees(${JSON.stringify(text)})`),
    /** The visible part of the page, as PNG. */
    picture: async () => Buffer.from((await send('Page.captureScreenshot', { format: 'png' })).data, 'base64'),
  }
  await send('Page.enable')
  await send('Runtime.enable')
  await send('Page.addScriptToEvaluateOnNewDocument', { source: `${ui}; if (location.protocol === 'http:') localStorage['heektime.language'] ??= '"ko"'` })
  return page
}
