// Dialogs that change documents.

import { h, toast, go } from './dom.js';
import { dialog, confirm, field } from './dialog.js';
import { post, remove } from './api.js';
import { ApiError } from './errors.js';
import { count } from './format.js';
import { t } from './words.js';

const examples = ['{"$time": "2026-03-02T09:00:00Z"}', '{"$ref": "users/u1"}', '{"$geo": [37.58, 127.02]}', '{"$bytes": "aGVsbG8="}', '1.0 (double)'];

function textArea(text) {
  return h('textarea', { name: 'text', rows: 16, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', value: text, 'aria-label': t('fields') });
}

const hint = () => h('p', { class: 'hint' }, t('typesHint'), ' ', examples.map((e) => [h('code', {}, e), ' ']));

/** editDocument edits a document's fields. Saving fails if the document has changed in the meantime. */
export function editDocument(database, path, doc, done) {
  const box = dialog({
    title: t('editDocument', { path }), wide: true, label: t('save'), body: [textArea(doc.text), hint()],
    async submit(form) {
      await post('document', { database, path }, { text: form.get('text'), updated: doc.updated });
      toast(t('saved'));
      done();
    },
  });
  box.querySelector('textarea').focus();
}

/** newDocument creates a document, in an existing or a new collection. */
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
      if (ids.some((id) => id.includes('/'))) throw new ApiError('ID_WITH_SLASH', 'an ID contains a slash');
      await post('document', { database, path }, { text: form.get('text') });
      toast(t('saved'));
      go('firestore', database, ...parent, ...ids);
    },
  });
}

/** randomID returns an ID like those that the SDKs generate. */
function randomID() {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  let id = '';
  while (id.length < 20) { // bytes above 247 would make some letters more likely
    for (const b of crypto.getRandomValues(new Uint8Array(32))) if (b < 248 && id.length < 20) id += letters[b % 62];
  }
  return id;
}

/** deleteDocument deletes a document after a confirmation. */
export function deleteDocument(database, path, done) {
  const subcollections = h('input', { type: 'checkbox', name: 'subcollections' });
  confirm({
    title: t('deleteDocument'), text: path, extra: h('label', { class: 'check' }, subcollections, ' ', t('deleteSubcollections')),
    async action() {
      const { deleted } = await remove('document', { database, path, subcollections: subcollections.checked });
      toast(t('deletedDocuments', { n: count(deleted) }));
      done();
    },
  });
}

/** deleteCollection deletes a collection after a confirmation. */
export function deleteCollection(database, path, done) {
  confirm({
    title: t('deleteCollection'), text: t('deleteCollectionText', { path }),
    async action() {
      const { deleted } = await remove('collection', { database, path });
      toast(t('deletedDocuments', { n: count(deleted) }));
      done();
    },
  });
}
