// Dialogs: a title, a body, and buttons at the end. Escape closes them.

import { h } from './dom.js';
import { t } from './words.js';

/**
 * dialog opens one. submit, if given, is called when its form is sent; it returns whether the dialog may close.
 * The element is returned.
 */
export function dialog({ title, body, label, danger, submit, wide }) {
  const bad = h('p', { class: 'problem', role: 'alert', hidden: true });
  const send = submit && h('button', { class: danger ? 'danger' : 'primary', type: 'submit' }, label);
  const box = h('dialog', { class: wide ? 'wide' : '', 'aria-label': title },
    h('form', {
      method: 'dialog',
      async onsubmit(event) {
        event.preventDefault();
        bad.hidden = true;
        send.disabled = true;
        try {
          await submit(new FormData(event.target));
          box.close();
        } catch (error) {
          bad.textContent = error.message;
          bad.hidden = false;
        } finally {
          send.disabled = false;
        }
      },
      onkeydown(event) { // sends also from a text of several lines
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && submit) event.currentTarget.requestSubmit();
      },
    },
    h('h2', {}, title), body, bad,
    h('footer', {}, h('button', { type: 'button', onclick: () => box.close() }, submit ? t('cancel') : t('close')), send)));
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}

/** confirm asks before something is gone. */
export function confirm({ title, text, label, extra, action }) {
  dialog({ title, label: label ?? t('delete'), danger: true, submit: action, body: [h('p', { class: 'breaks' }, text), extra] });
}

/** field is a labelled control of a form. */
export function field(label, control, hint) {
  return h('label', { class: 'field' }, h('span', {}, label), control, hint && h('small', {}, hint));
}
