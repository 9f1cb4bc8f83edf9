// Document values, in the JSON form of Firestore's REST API, shown with their types.

import { h, link } from './dom.js';
import { bytes, moment } from './format.js';
import { t } from './words.js';

const types = {
  nullValue: 'null', booleanValue: 'boolean', integerValue: 'integer', doubleValue: 'double', timestampValue: 'timestamp', stringValue: 'string',
  bytesValue: 'bytes', referenceValue: 'reference', geoPointValue: 'geopoint', arrayValue: 'array', mapValue: 'map',
};

/** fieldList shows the fields of a document. */
export function fieldList(fields) {
  const names = Object.keys(fields ?? {});
  if (names.length === 0) return h('p', { class: 'empty' }, t('emptyDocument'));
  return h('div', { class: 'values' }, names.map((name) => row(name, fields[name])));
}

function row(name, value) {
  const kind = Object.keys(value)[0];
  const content = value[kind];
  const label = h('span', { class: 'field-name' }, name);
  if (kind === 'mapValue' && content.fields?.__type__?.stringValue === '__vector__') {
    const numbers = content.fields.value?.arrayValue?.values ?? [];
    return leaf(label, h('span', { class: 'number' }, '[' + numbers.map((n) => Object.values(n)[0]).join(', ') + ']'), 'vector');
  }
  if (kind === 'mapValue') return tree(label, Object.entries(content.fields ?? {}), '{', '}', types[kind]);
  if (kind === 'arrayValue') return tree(label, Object.entries(content.values ?? []), '[', ']', types[kind]);
  return leaf(label, simple(kind, content), types[kind] ?? kind);
}

function leaf(label, value, type) {
  return h('div', { class: 'value' }, label, h('span', { class: 'field-value' }, value), h('span', { class: 'field-type' }, type));
}

function tree(label, entries, open, close, type) {
  if (entries.length === 0) return leaf(label, h('span', { class: 'soft' }, open + close), type);
  return h('details', { class: 'tree', open: entries.length <= 30 },
    h('summary', { class: 'value' }, label, h('span', { class: 'field-value soft' }, `${open}${entries.length}${close}`), h('span', { class: 'field-type' }, type)),
    h('div', { class: 'values' }, entries.map(([name, value]) => row(name, value))));
}

function simple(kind, content) {
  switch (kind) {
    case 'nullValue': return h('span', { class: 'soft' }, 'null');
    case 'booleanValue': return h('span', { class: 'number' }, String(content));
    case 'integerValue': return h('span', { class: 'number' }, content);
    case 'doubleValue': return h('span', { class: 'number' }, Number.isInteger(content) && Math.abs(content) < 1e21 ? content.toFixed(1) : String(content));
    case 'timestampValue': return h('time', { datetime: content, title: content }, moment(content));
    case 'stringValue': return h('span', { class: 'text' }, content);
    case 'bytesValue': return h('span', {}, h('code', {}, content.length > 200 ? content.slice(0, 200) + '…' : content), ' ', h('span', { class: 'soft' }, bytes(sizeOfBase64(content))));
    case 'geoPointValue': return h('span', { class: 'number' }, `${content.latitude ?? 0}°, ${content.longitude ?? 0}°`);
    case 'referenceValue': return reference(content);
  }
  return JSON.stringify(content);
}

function sizeOfBase64(text) {
  return text.length / 4 * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
}

function reference(name) {
  const [, database, path] = name.match(/^(projects\/[^/]+\/databases\/[^/]+)\/documents\/(.+)$/s) ?? [];
  if (!path) return name;
  return h('a', { href: link('firestore', database, ...path.split('/')), title: name }, path);
}
