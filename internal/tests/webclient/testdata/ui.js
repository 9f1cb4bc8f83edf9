// Finds what a user sees in the web app by its name, and waits for it. Tests evaluate this in the page.
window.ui = (() => {
  const controls = 'button, a[href], [role=switch], input[type=checkbox], summary'
  const isVisible = (element) => element.checkVisibility() && !element.closest('[inert]')
  const words = (text) => text.replace(/\s+/g, ' ').trim()
  const nameOf = (element) => words(element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText ?? '')
  const inDialog = () => [...document.querySelectorAll('dialog[open]')].at(-1) ?? document

  // Waits until check returns something, looking again at each change of the page.
  const until = (check) => new Promise((resolve) => {
    const look = () => {
      const found = check()
      if (!found) return
      observer.disconnect()
      clearInterval(timer)
      resolve(found)
    }
    const observer = new MutationObserver(look)
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
    const timer = setInterval(look, 100)
    look()
  })
  const find = (name, selector = controls) => until(() => {
    const all = [...inDialog().querySelectorAll(selector), ...document.querySelectorAll('[popover]:popover-open button')]
      .filter((element) => isVisible(element) && !element.disabled)
    return all.find((element) => nameOf(element) === name) ?? all.find((element) => nameOf(element).startsWith(name))
  })
  // A question would stop the page, and the test with it.
  window.confirm = (text) => {
    console.error(`the app asks: ${text}`)
    return false
  }
  const intercepted = new Map()
  const realFetch = window.fetch
  window.fetch = async (input, init) => {
    const address = String(input?.url ?? input)
    const how = [...intercepted].find(([part]) => address.includes(part))?.[1]
    if (how === 'slow') return new Promise(() => {})
    if (how === 'unreachable') throw new TypeError('Failed to fetch')
    if (how) return new Response(JSON.stringify({ error: { code: how, message: 'UNAVAILABLE' } }), { status: how, headers: { 'Content-Type': 'application/json' } })
    return realFetch(input, init)
  }
  // A worker whose file is intercepted cannot be loaded, whatever the browser keeps of it.
  const isIntercepted = (address) => [...intercepted.keys()].some((part) => String(address).includes(part))
  window.Worker = class extends window.Worker {
    constructor(address, options) { super(isIntercepted(address) ? '/missing.js' : address, options) }
  }
  return {
    until,
    // Requests to addresses with this part get a status, are "slow", which is never answered, or "unreachable"; without how, they
    // are sent again.
    network(part, how) {
      if (how) intercepted.set(part, how)
      else intercepted.delete(part)
    },
    // This tab, the only one that is open, has the connection to Firestore. Firebase's SDK notes in its database which tab does, for all.
    async isConnected() {
      const result = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
      const { name } = (await indexedDB.databases()).find((one) => one.name.startsWith('firestore/'))
      const database = await result(indexedDB.open(name))
      for (;;) {
        const owner = await result(database.transaction('owner').objectStore('owner').get('owner'))
        const tabs = Object.keys(localStorage).filter((key) => key.startsWith('firestore_clients_'))
        if (owner && tabs.length === 1 && tabs[0].endsWith(owner.ownerId)) break
        await new Promise((next) => { setTimeout(next, 50) })
      }
      database.close()
    },
    // Whether the lectures on the screen are up to date since the app was opened: it has noted that, or has counted them.
    settled: () => Object.values(JSON.parse(localStorage['heektime.syncs'] ?? '{}')).some(({ at }) => at > performance.timeOrigin) ||
      performance.getEntriesByType('resource').some(({ name }) => name.includes('runAggregationQuery')),
    // What the device remembers is that much older.
    pass(minutes) {
      const older = (value) => {
        if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
        return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, key === 'at' ? of - minutes * 60_000 : older(of)]))
      }
      for (const key of Object.keys(localStorage).filter((one) => one.startsWith('heektime.'))) {
        const value = JSON.parse(localStorage[key])
        localStorage[key] = JSON.stringify(key === 'heektime.refreshed' ? {} : older(value))
        dispatchEvent(new StorageEvent('storage', { key }))
      }
    },
    // The student comes back to the tab.
    comeBack: () => { document.dispatchEvent(new Event('visibilitychange')) },
    async click(name) { (await find(name)).click() },
    // Where a control is on the screen, for a tap of its own.
    async place(name) {
      const { left, top, width, height } = (await find(name)).getBoundingClientRect()
      return { x: left + width / 2, y: top + height / 2 }
    },
    async fill(label, text) {
      const input = await find(label, 'input, select')
      input.focus()
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), 'value').set.call(input, text)
      input.dispatchEvent(new Event('input', { bubbles: true }))
      input.dispatchEvent(new Event('change', { bubbles: true }))
    },
    async sees(text) { await until(() => words(document.body.innerText).includes(text)) },
    async seesNot(text) { await until(() => !words(document.body.innerText).includes(text)) },
    async isGone(selector) { await until(() => !document.querySelector(selector)) },
    async finds(selector) { await until(() => document.querySelector(selector)) },
    // Where a time of a weekday is on the screen, in the grid of the timetable. Weekdays and hours may be outside.
    pointAt(weekday, hour) {
      const box = document.querySelector('.grid-days').getBoundingClientRect()
      const hours = [...document.querySelectorAll('.grid-hours span')].map((one) => Number(one.innerText))
      const days = document.querySelectorAll('.grid-days .day').length
      return { x: box.left + (weekday + 0.5) / days * box.width, y: box.top + (hour - hours[0]) / hours.length * box.height }
    },
    // What axe-core finds wrong, a line for each element.
    async violations() {
      const ending = document.getAnimations().filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
      await Promise.allSettled(ending.map((animation) => animation.finished)) // what fades in has little contrast
      const found = await axe.run(document, { resultTypes: ['violations'] })
      return found.violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`))
    },
    // Whether the focus is on something with this name.
    hasFocus: (name) => nameOf(document.activeElement).startsWith(name),
    // What is wider than the screen, or than its dialog.
    overflows: () => [...document.querySelectorAll('html, dialog[open] > *')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.tagName + '.' + one.className),
  }
})()
