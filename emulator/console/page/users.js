// The users of Authentication.

import { h, fill, attempt, toast } from './dom.js';
import { errorText } from './errors.js';
import { dialog, confirm, field } from './dialog.js';
import { get, post, remove } from './api.js';
import { pages } from './pages.js';
import { ago, count } from './format.js';
import { t } from './words.js';

export function open(main, signal, state) {
  const project = state.project;
  const table = h('div', {});
  const total = h('span', { class: 'soft' });
  const find = h('input', { type: 'search', placeholder: t('findUser'), 'aria-label': t('findUser'), spellcheck: 'false', oninput: () => reload() });
  const reload = pages(signal, {
    async fetchPage(token) {
      const page = await get('users', { project, find: find.value, token });
      total.textContent = t('usersCount', { n: count(page.count) });
      return { items: page.users, next: page.next };
    },
    draw: (users, more) => fill(table, users.length === 0 ? h('p', { class: 'empty' }, find.value ? t('noSuchUser') : t('noUsers')) : list(users, project, reload),
      more && h('button', { class: 'more', onclick: more }, t('more'))),
    failed: (error) => fill(table, h('p', { class: 'problem' }, errorText(error))),
  });
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('users')), total, h('span', { class: 'space' }), find,
    h('button', { class: 'primary', onclick: () => create(project, reload) }, t('newUser'))), table);
}

function list(users, project, reload) {
  return h('div', { class: 'table-box' }, h('table', { class: 'users' },
    h('thead', {}, h('tr', {}, ['uid', 'email', 'providers', 'claimsShort', 'created', 'signedIn'].map((key) => h('th', { scope: 'col' }, t(key))), h('th', { scope: 'col', 'aria-label': t('actions') }))),
    h('tbody', {}, users.map((u) => row(u, project, reload)))));
}

function row(u, project, reload) {
  const uid = u.uid;
  const act = (action, done) => attempt(async () => { await action(); await reload(); }, done);
  return h('tr', { class: u.disabled && 'off' },
    cell('uid', h('code', {}, uid), u.displayName && h('div', {}, u.displayName)),
    cell('email', u.email ?? u.phone, u.disabled && [' ', h('span', { class: 'badge bad' }, t('disabled'))]),
    cell('providers', u.providers.join(', ')),
    cell('claimsShort', u.claims && h('code', { class: 'claims' }, JSON.stringify(u.claims))),
    cell('created', u.created && ago(u.created)),
    cell('signedIn', u.signedIn && ago(u.signedIn)),
    h('td', { class: 'buttons' },
      h('button', { class: 'quiet', 'data-key': 'claims/' + uid, onclick: () => editClaims(u, project, reload) }, t('claimsShort')),
      h('button', { class: 'quiet', 'data-key': 'off/' + uid, onclick: () => act(() => post('user', { project, uid }, { disabled: !u.disabled })) }, t(u.disabled ? 'enable' : 'disable')),
      h('button', {
        class: 'quiet danger', 'data-key': 'delete/' + uid,
        onclick: () => confirm({
          title: t('deleteUser'), text: [u.email, uid].filter(Boolean).join(' · '),
          action: async () => { await remove('user', { project, uid }); toast(t('deleted')); await reload(); },
        }),
      }, t('delete'))));
}

/** cell returns a table cell. Narrow screens show the column's name in it and hide empty cells. */
function cell(key, content, more) {
  return h('td', { class: content || more ? 'wraps' : 'none', 'data-label': t(key) }, content || h('span', { class: 'soft' }, '–'), more);
}

function editClaims(u, project, reload) {
  dialog({
    title: t('claimsTitle', { uid: u.uid }), label: t('save'),
    body: [h('textarea', { name: 'claims', rows: 8, spellcheck: 'false', value: JSON.stringify(u.claims ?? {}, null, 2), 'aria-label': t('claims') }), h('p', { class: 'hint' }, t('claimsHint'))],
    async submit(form) {
      const claims = JSON.stringify(JSON.parse(form.get('claims') || '{}'));
      await post('user', { project, uid: u.uid }, { claims });
      toast(t('saved'));
      await reload();
    },
  });
}

function create(project, reload) {
  const input = (name, type) => h('input', { name, type, autocomplete: 'off', spellcheck: 'false' });
  dialog({
    title: t('newUser'), label: t('create'),
    body: [
      field(t('email'), input('email', 'email')), field(t('password'), input('password', 'text'), t('passwordHint')),
      field(t('displayName'), input('displayName', 'text')), field(t('uid'), input('localId', 'text'), t('uidHint')),
    ],
    async submit(form) {
      await post('users', { project }, Object.fromEntries([...form].filter(([, value]) => value !== '')));
      toast(t('saved'));
      reload();
    },
  });
}
