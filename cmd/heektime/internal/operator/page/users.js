// One user: finding, showing and changing the account.

import { h, fill, go, toast } from './dom.js';
import { ApiError, errorText } from './errors.js';
import { dialog, field } from './dialog.js';
import { get, post } from './api.js';
import { at, count, properties, states } from './format.js';
import { t } from './words.js';

export function open(main, signal, state, [find = '']) {
  const box = h('section', {});
  const input = h('input', { type: 'search', name: 'find', value: find, placeholder: t('findUser'), 'aria-label': t('findUser'), spellcheck: 'false', autocomplete: 'off' });
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('users')), h('span', { class: 'space' }),
    h('form', { class: 'buttons', onsubmit: (e) => { e.preventDefault(); go('users', input.value.trim()); } }, input, h('button', { class: 'primary', type: 'submit' }, t('find')))), box);
  const show = (user) => { if (!signal.aborted) fill(box, card(user, state, show)); };
  if (!find) {
    fill(box, h('p', { class: 'empty' }, t('findHint')));
    input.focus();
    return;
  }
  get('user', { find }).then(show, (error) => { if (!signal.aborted) fill(box, h('p', { class: 'problem', role: 'alert' }, errorText(error))); });
}

function card(user, state, show) {
  const { hidden } = user;
  const button = (action, word, kind = '') => h('button', { class: kind, 'data-key': action, onclick: () => change(user, action, word, state, show) }, t(word));
  const deleting = hidden?.deleting, purging = hidden?.purging;
  return h('div', { class: 'rows' }, h('div', { class: 'row-body' },
    properties([
      [t('state'), states(hidden)],
      [t('username'), user.username || (hidden?.username ? t('reserved', { name: hidden.username }) : t('none'))],
      [t('uid'), h('code', {}, user.uid)],
      [t('email'), user.email],
      [t('account'), [user.account ? (user.disabled ? t('disabled') : t('active')) : t('noAccount'), user.oldHash && ` · ${t('oldHash')}`]],
      [t('signedIn'), user.signedIn && at(user.signedIn)],
      [t('timetables'), count(user.timetables)],
      [t('blockedAt'), hidden?.blocked && at(hidden.at)],
      [t('reason'), hidden?.reason],
      [t('requestedAt'), deleting && at(hidden.requested)],
      [t('until'), deleting && !purging && at(hidden.until)],
    ]),
    !purging && h('p', { class: 'buttons' },
      hidden?.blocked ? button('unblock', 'unblock', 'primary') : button('block', 'block', 'danger'),
      deleting ? button('restore', 'restore') : button('delete', 'delete', 'danger'),
      button('delete-now', 'deleteNow', 'danger'))));
}

// change asks for confirmation, naming the project and the user. A step without a way back on Google Cloud also
// takes the project's ID.
function change(user, action, word, state, show) {
  const types = state.google && action === 'delete-now';
  dialog({
    title: t(action + '?'), label: t(word), danger: ['block', 'delete', 'delete-now'].includes(action),
    body: [
      properties([[t('project'), h('code', {}, state.project)], [t('username'), user.username || user.hidden?.username], [t('uid'), h('code', {}, user.uid)], [t('email'), user.email]]),
      h('p', {}, t(action + '.text')),
      action === 'block' && field(t('reason'), h('input', { name: 'reason', autocomplete: 'off', maxlength: '200' }), t('reasonHint')),
      types && field(t('typeProject'), h('input', { name: 'project', autocomplete: 'off', spellcheck: 'false' })),
    ],
    async submit(form) {
      if (types && form.get('project') !== state.project) throw new ApiError('confirmation', '');
      show(await post('user', { project: state.project, uid: user.uid, action, reason: form.get('reason') ?? '' }));
      toast(t(action + '.done'));
    },
  });
}
