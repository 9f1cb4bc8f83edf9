// A stand-in for the part of Google's gapi.iframes that Firebase's SDK uses, so that pop-up and redirect sign-ins work without
// a network. A page that loads this script before it signs in keeps the SDK from loading Google's.
{
  // connect returns the other side of a frame, which is known by its window and, in the page, by its origin.
  const connect = (otherWindow, origin) => {
    const handlers = new Map(), early = new Map(), answers = new Map()
    let count = 0
    const post = (message) => otherWindow().postMessage({ emulatorGapi: message }, origin ?? '*')
    const run = async (handler, { id, data }) => post({ answerTo: id, data: [await handler(data)] })
    window.addEventListener('message', ({ source, origin: from, data }) => {
      const message = data?.emulatorGapi
      if (!message || source !== otherWindow() || (origin && from !== origin)) return
      const handler = handlers.get(message.name)
      if (message.answerTo !== undefined) {
        const answer = answers.get(message.answerTo)
        answers.delete(message.answerTo)
        try { answer?.(message.data) } catch { /* Firebase's SDK throws after it has taken an answer */ }
      } else if (handler) {
        run(handler, message)
      } else { // what is sent before somebody listens
        early.set(message.name, message)
      }
    })
    return {
      register(name, handler) {
        handlers.set(name, handler)
        if (early.has(name)) run(handler, early.get(name))
        early.delete(name)
      },
      send(name, data, answer) {
        const id = count++
        if (answer) answers.set(id, answer)
        post({ id, name, data })
      },
      restyle: async () => {},
      ping: async (answer) => answer?.(), // it is there: see open
    }
  }
  const context = {
    open({ url, where, attributes: { style, ...attributes } }, opened) {
      const frame = document.createElement('iframe')
      for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value)
      Object.assign(frame.style, style)
      frame.src = `${url}&gapi=emulator`
      where.append(frame)
      const side = connect(() => frame.contentWindow, new URL(url).origin)
      return new Promise((resolve) => side.register('ready', () => { resolve(opened(side)) }))
    },
    getParentIframe() {
      const side = connect(() => window.parent)
      side.send('ready')
      return side
    },
  }
  window.gapi = {
    load: (_, { callback }) => { callback() },
    iframes: { CROSS_ORIGIN_IFRAMES_FILTER: null, getContext: () => context },
  }
  const onload = document.currentScript && new URL(document.currentScript.src).searchParams.get('onload')
  if (onload) window[onload]()
}
