// Databases in three columns: the collections of a document or the root, the documents of a collection, and one
// document. Narrow screens show only the last one.

import { h, fill, poll, childController, link, go, attempt } from './dom.js';
import { errorText } from './errors.js';
import { get } from './api.js';
import { pages } from './pages.js';
import { at } from './format.js';
import { t } from './words.js';
import { fieldList } from './values.js';
import { editDocument, newDocument, deleteDocument, deleteCollection } from './editor.js';

const pollMs = 2000;

export function open(main, signal, state) {
  const top = h('header', { class: 'path' });
  const columns = ['collections', 'documents', 'document'].map((name) => new Column(name, signal));
  const box = h('div', { class: 'columns' }, columns.map((c) => c.element));
  fill(main, top, box);

  return (parts) => {
    const [database = `projects/${state.project}/databases/(default)`, ...ids] = parts;
    const depth = ids.length; // odd: a collection is selected, even: a document
    const collectionAt = depth === 0 ? -1 : depth - (depth % 2 === 1 ? 1 : 2);
    const parent = collectionAt < 0 ? [] : ids.slice(0, collectionAt);
    const collection = collectionAt < 0 ? undefined : ids[collectionAt];
    const id = depth > 0 && depth % 2 === 0 ? ids[depth - 1] : undefined;
    fill(top, breadcrumb(database, ids, state));
    box.dataset.shown = id !== undefined ? 'document' : collection !== undefined ? 'documents' : 'collections';
    columns[0].show([database, ...parent], (c) => collectionsColumn(c, database, parent));
    columns[0].mark(collection);
    columns[1].show(collection === undefined ? null : [database, ...parent, collection], (c) => documentsColumn(c, database, parent, collection));
    columns[1].mark(id);
    columns[2].show(id === undefined ? null : [database, ...ids], (c) => documentColumn(c, database, ids));
  };
}

/** Column shows one list. It redraws only when its subject changes, so that it keeps its scroll position. */
class Column {
  constructor(name, signal) {
    this.parent = signal;
    this.head = h('div', { class: 'column-head' });
    this.body = h('div', { class: 'column-body' });
    this.element = h('section', { class: 'column ' + name }, this.head, this.body);
  }

  show(key, draw) {
    const text = JSON.stringify(key);
    if (text === this.key) return;
    this.key = text;
    this.marked = undefined;
    this.running?.abort();
    this.running = childController(this.parent);
    this.signal = this.running.signal;
    fill(this.head);
    fill(this.body);
    if (key) draw(this);
    else fill(this.body, h('p', { class: 'empty' }, this.element.classList.contains('documents') ? t('chooseCollection') : t('chooseDocument')));
  }

  /** mark highlights the selected entry. */
  mark(id) {
    this.marked = id;
    for (const a of this.body.querySelectorAll('a[data-id]')) {
      if (a.dataset.id === id) a.setAttribute('aria-current', 'true');
      else a.removeAttribute('aria-current');
    }
  }

  fail(error) { fill(this.body, h('p', { class: 'problem' }, errorText(error))); }

  /** list draws entries and, if there are more, a button that fetches them. */
  list(entries, empty, more) {
    fill(this.body, entries.length ? h('ul', { class: 'entries' }, entries.map((e) => h('li', {}, e))) : h('p', { class: 'empty' }, empty),
      more && h('button', { class: 'more', onclick: more }, t('more')));
    this.mark(this.marked);
  }
}

function breadcrumb(database, ids, state) {
  const choose = h('select', { 'aria-label': t('database'), onchange: (e) => go('firestore', e.target.value) },
    [...new Set([...state.databases, database])].map((name) => h('option', { value: name, selected: name === database }, name.replace(/^projects\/(.+)\/databases\//, '$1 · '))));
  return [
    choose,
    h('nav', { class: 'crumbs', 'aria-label': t('firestore') },
      h('a', { href: link('firestore', database) }, t('root')),
      ids.map((id, i) => [h('span', { class: 'soft' }, '/'), h('a', { href: link('firestore', database, ...ids.slice(0, i + 1)), 'aria-current': i === ids.length - 1 && 'page' }, id)])),
    h('form', {
      class: 'goto',
      onsubmit(event) {
        event.preventDefault();
        const path = event.target.elements.path.value.trim().replace(/^\/+|\/+$/g, '');
        if (path) go('firestore', database, ...path.split('/'));
      },
    }, h('input', { name: 'path', type: 'search', placeholder: t('goTo'), 'aria-label': t('goTo'), spellcheck: 'false' })),
  ];
}

function collectionsColumn(column, database, parent) {
  const path = parent.join('/');
  fill(column.head, h('h2', {}, t('collections')), h('button', { title: t('newDocument'), onclick: () => newDocument(database, parent) }, t('add')));
  pages(column.signal, {
    async fetchPage(token) {
      const page = await get('collections', { database, path, token });
      return { items: page.ids, next: page.next };
    },
    draw: (ids, more) => column.list(ids.map((id) => h('a', { href: link('firestore', database, ...parent, id), 'data-id': id, 'data-key': 'c/' + id }, id)), t('noCollections'), more),
    failed: (error) => column.fail(error),
  });
}

function documentsColumn(column, database, parent, collection) {
  const path = [...parent, collection].join('/');
  const gone = () => go('firestore', database, ...parent);
  fill(column.head, h('h2', {}, collection),
    h('button', { title: t('newDocument'), onclick: () => newDocument(database, parent, collection) }, t('add')),
    h('button', { class: 'quiet danger', onclick: () => deleteCollection(database, path, gone) }, t('delete')));
  pages(column.signal, {
    async fetchPage(token) {
      const page = await get('documents', { database, path, token });
      return { items: page.documents, next: page.next };
    },
    draw: (documents, more) => column.list(documents.map((d) => h('a', {
      href: link('firestore', database, ...parent, collection, d.id), 'data-id': d.id, 'data-key': 'd/' + d.id, class: d.missing && 'missing',
    }, h('strong', {}, d.id), h('small', {}, d.missing ? t('missing') : (d.preview ?? []).map((f) => h('span', {}, h('b', {}, f.name), ' ', f.text))))), t('noDocuments'), more),
    failed: (error) => column.fail(error),
  });
}

function documentColumn(column, database, ids) {
  const path = ids.join('/');
  const up = ids.slice(0, -1);
  let shown = '';
  const load = async () => {
    try {
      const [doc, below] = await Promise.all([get('document', { database, path }), get('collections', { database, path })]);
      const text = JSON.stringify([doc, below]);
      if (text === shown || column.signal.aborted) return;
      shown = text;
      drawDocument(column, database, ids, doc, below, load, () => go('firestore', database, ...up));
    } catch (error) {
      if (!shown && !column.signal.aborted) column.fail(error);
    }
  };
  poll(pollMs, column.signal, load);
}

function drawDocument(column, database, ids, doc, below, reload, leave) {
  const path = ids.join('/');
  const copy = () => attempt(() => navigator.clipboard.writeText(path), t('copied'));
  fill(column.head, h('h2', {}, ids.at(-1)),
    h('button', { class: 'quiet', 'data-key': 'copy', onclick: copy }, t('copy')),
    doc.exists && h('button', { 'data-key': 'edit', onclick: () => editDocument(database, path, doc, reload) }, t('edit')),
    h('button', { class: 'quiet danger', 'data-key': 'delete', onclick: () => deleteDocument(database, path, leave) }, t('delete')));
  fill(column.body,
    below.ids.length > 0 && h('div', { class: 'below' }, h('h3', {}, t('subcollections')),
      h('p', { class: 'chips' }, below.ids.map((id) => h('a', { class: 'chip', 'data-key': 's/' + id, href: link('firestore', database, ...ids, id) }, id)))),
    doc.exists ? fieldList(doc.fields.fields) : h('p', { class: 'empty' }, t('noSuchDocument')),
    h('p', { class: 'soft times' }, doc.exists && [t('created'), ' ', at(doc.created), ' · ', t('updated'), ' ', at(doc.updated), ' '],
      h('button', { class: 'chip', 'data-key': 'sub', onclick: () => newDocument(database, ids) }, '+ ' + t('newDocument'))));
}
