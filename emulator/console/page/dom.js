// Building the page. Text always becomes text nodes: data from the cloud is never parsed as markup.

import { errorText } from './errors.js';

/**
 * h creates an element. Properties named on… become event listeners, others attributes: true sets an empty
 * attribute; false, null and undefined set none.
 */
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

/** svg creates an element of a drawing, as h does. */
export function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child);
  }
}

/** fill replaces an element's children. The element with the same data-key as before keeps the keyboard focus. */
export function fill(element, ...children) {
  const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  element.replaceChildren();
  append(element, children);
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/**
 * poll runs f now and then again each time the interval has passed since it finished, until signal aborts. It
 * pauses while the page is hidden.
 */
export function poll(milliseconds, signal, f) {
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

/** childController creates an AbortController whose signal also aborts with its parent. */
export function childController(parent) {
  const controller = new AbortController();
  parent.addEventListener('abort', () => controller.abort(), { signal: controller.signal });
  return controller;
}

/** link returns the URL of a section of the page and an item in it. */
export function link(section, ...parts) {
  return '#/' + [section, ...parts].map(encodeURIComponent).join('/');
}

/** go navigates to a section and an item in it. */
export const go = (...parts) => { location.hash = link(...parts); };

/** toast shows a message for a few seconds. */
export function toast(text, bad = false) {
  let box = document.querySelector('.toasts');
  if (!box) document.body.append(box = h('div', { class: 'toasts', role: 'status', popover: 'manual' }));
  box.hidePopover();
  box.showPopover(); // on top of open dialogs
  const message = h('p', { class: bad ? 'bad' : '' }, text);
  box.append(message);
  setTimeout(() => message.remove(), bad ? 8000 : 3000);
}

/** attempt runs a user's action and shows its error, if any. It returns whether the action succeeded. */
export async function attempt(action, done) {
  try {
    await action();
    if (done) toast(done);
    return true;
  } catch (error) {
    toast(errorText(error), true);
    return false;
  }
}
