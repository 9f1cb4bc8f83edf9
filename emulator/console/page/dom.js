// Building the page. Text always becomes text nodes: nothing that comes from the cloud is ever parsed as markup.

/** h makes an element. Properties named on… are listeners; true, false and null are what attributes make of them. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child);
  }
}

/** fill replaces what an element holds, and leaves the keyboard where it was: at the element of the same data-key. */
export function fill(element, ...children) {
  const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  element.replaceChildren();
  append(element, children);
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** every runs f now, and again some time after it ended, while the page can be seen and until signal aborts. */
export function every(milliseconds, signal, f) {
  let timer, busy = false;
  const run = async () => {
    if (busy || signal.aborted) return;
    busy = true;
    clearTimeout(timer);
    try {
      if (!document.hidden) await f();
    } finally {
      busy = false;
      if (!signal.aborted) timer = setTimeout(run, milliseconds);
    }
  };
  document.addEventListener('visibilitychange', run, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  run();
}

/** child makes a signal that aborts with its parent, or by itself. */
export function child(parent) {
  const controller = new AbortController();
  parent.addEventListener('abort', () => controller.abort(), { signal: controller.signal });
  return controller;
}

/** link is an address of this page: a section, and what is looked at in it. */
export function link(section, ...parts) {
  return '#/' + [section, ...parts].map(encodeURIComponent).join('/');
}

export const go = (...address) => { location.hash = link(...address); };

/** say shows a message for some seconds. */
export function say(text, bad = false) {
  let box = document.querySelector('.toasts');
  if (!box) document.body.append(box = h('div', { class: 'toasts', role: 'status', popover: 'manual' }));
  box.hidePopover();
  box.showPopover(); // above every open dialog
  const toast = h('p', { class: bad ? 'bad' : '' }, text);
  box.append(toast);
  setTimeout(() => toast.remove(), bad ? 8000 : 3000);
}

/** attempt runs an action of the user's and shows what went wrong. It returns whether nothing did. */
export async function attempt(action, done) {
  try {
    await action();
    if (done) say(done);
    return true;
  } catch (error) {
    say(error.message, true);
    return false;
  }
}
