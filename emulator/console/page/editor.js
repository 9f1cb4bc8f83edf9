// Dialogs that change documents.

import { h, say, go } from './dom.js';
import { dialog, confirm, field } from './dialog.js';
import { post, remove } from './api.js';
import { count } from './format.js';
import { t } from './words.js';

const examples = ['{"$time": "2026-03-02T09:00:00Z"}', '{"$ref": "users/u1"}', '{"$geo": [37.58, 127.02]}', '{"$bytes": "aGVsbG8="}', '1.0 (double)'];

function textArea(text) {
  return h('textarea', { name: 'text', rows: 16, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', value: text, 'aria-label': t('fields') });
}

const hint = () => h('p', { class: 'hint' }, t('typesHint'), ' ', examples.map((e) => [h('code', {}, e), ' ']));

/** editDocument changes a document's fields, if nobody has meanwhile. */
export function editDocument(database, path, doc, done) {
  const box = dialog({
    title: t('editDocument', { path }), wide: true, label: t('save'), body: [textArea(doc.text), hint()],
    async submit(form) {
      await post('document', { database, path }, { text: form.get('text'), updated: doc.updated });
      say(t('saved'));
      done();
    },
  });
  box.querySelector('textarea').focus();
}

/** newDocument makes one, in a collection that may be new, too. */
export function newDocument(database, parent, collection) {
  dialog({
    title: t('newDocument'), wide: true, label: t('create'),
    body: [
      h('div', { class: 'pair' },
        field(t('collectionID'), h('input', { name: 'collection', required: true, value: collection ?? '', readonly: collection !== undefined })),
        field(t('documentID'), h('input', { name: 'id', required: true, value: randomID() }), t('documentIDHint'))),
      textArea('{\n  \n}'), hint(),
    ],
    async submit(form) {
      const ids = [form.get('collection'), form.get('id')];
      const path = [...parent, ...ids].join('/');
      if (ids.some((id) => id.includes('/'))) throw new Error(t('documentIDHint'));
      await post('document', { database, path }, { text: form.get('text') });
      say(t('saved'));
      go('firestore', database, ...parent, ...ids);
    },
  });
}

/** randomID is an id as the SDKs make them. */
function randomID() {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let id = '';
  while (id.length < 20) { // those above 247 would make some letters likelier
    for (const b of crypto.getRandomValues(new Uint8Array(32))) if (b < 248 && id.length < 20) id += letters[b % 62];
  }
  return id;
}

/** deleteDocument asks, and deletes. */
export function deleteDocument(database, path, done) {
  const below = h('input', { type: 'checkbox', name: 'below' });
  confirm({
    title: t('deleteDocument'), text: path, extra: h('label', { class: 'check' }, below, ' ', t('deleteBelow')),
    async action() {
      const answer = await remove('document', { database, path, below: below.checked });
      say(t('deletedDocuments', { n: count(answer.deleted) }));
      done();
    },
  });
}

/** deleteCollection asks, and deletes all of it. */
export function deleteCollection(database, path, done) {
  confirm({
    title: t('deleteCollection'), text: t('deleteCollectionText', { path }),
    async action() {
      const answer = await remove('collection', { database, path });
      say(t('deletedDocuments', { n: count(answer.deleted) }));
      done();
    },
  });
}
