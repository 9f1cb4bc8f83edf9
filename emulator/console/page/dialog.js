// Dialogs with a title, a body and buttons. Escape closes them.

import { h } from './dom.js';
import { errorText } from './errors.js';
import { t } from './words.js';

/**
 * dialog opens a dialog and returns its element. submit, if given, is called with the form's data; if it throws,
 * the dialog stays open and shows the error.
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
          bad.textContent = errorText(error);
          bad.hidden = false;
        } finally {
          send.disabled = false;
        }
      },
      onkeydown(event) { // submits from a textarea, too
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

/** confirm asks before it deletes something. */
export function confirm({ title, text, label, extra, action }) {
  dialog({ title, label: label ?? t('delete'), danger: true, submit: action, body: [h('p', { class: 'breaks' }, text), extra] });
}

/** field returns a form control with a label. */
export function field(label, control, hint) {
  return h('label', { class: 'field' }, h('span', {}, label), control, hint && h('small', {}, hint));
}
