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
  return {
    until,
    async click(name) { (await find(name)).click() },
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
    // What axe-core finds wrong, a line for each element.
    async violations() {
      const ending = document.getAnimations().filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
      await Promise.allSettled(ending.map((animation) => animation.finished)) // what fades in has little contrast
      const found = await axe.run(document, { resultTypes: ['violations'] })
      return found.violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`))
    },
    // Whether anything is wider than the screen.
    overflows: () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  }
})()
