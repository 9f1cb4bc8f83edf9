// Buckets and objects.

import { h, fill, poll, childController, link, go, toast } from './dom.js';
import { errorText } from './errors.js';
import { confirm } from './dialog.js';
import { get, remove } from './api.js';
import { pages } from './pages.js';
import { ago, bytes, moment, properties, shortName } from './format.js';
import { t } from './words.js';

const pollMs = 3000;

export function open(main, signal) {
  const top = h('header', { class: 'path' });
  const list = h('section', { class: 'column wide' });
  const detail = h('section', { class: 'column document' });
  const box = h('div', { class: 'columns objects' }, list, detail);
  let listed, chosen, listing, viewing; // keys of what is shown, and their AbortControllers
  fill(main, top, box);

  return (parts) => {
    const [bucket, prefix = '', name] = parts;
    box.dataset.shown = name ? 'document' : 'documents';
    fill(top, breadcrumb(bucket, prefix));
    const key = JSON.stringify([bucket, prefix]);
    if (key !== listed) {
      listed = key;
      listing?.abort();
      listing = childController(signal);
      fill(list);
      if (bucket === undefined) showBuckets(list, listing.signal);
      else showObjects(list, listing.signal, bucket, prefix);
    }
    const object = name && JSON.stringify([bucket, name]);
    if (object !== chosen) {
      chosen = object;
      viewing?.abort();
      viewing = childController(signal);
      fill(detail);
      if (name) showObject(detail, viewing.signal, bucket, prefix, name);
    }
    list.dataset.chosen = name ?? '';
    mark(list);
  };
}

function breadcrumb(bucket, prefix) {
  const folders = prefix.split('/').slice(0, -1);
  return h('nav', { class: 'crumbs', 'aria-label': t('storage') }, h('a', { href: link('storage') }, t('buckets')),
    bucket !== undefined && [h('span', { class: 'soft' }, '/'), h('a', { href: link('storage', bucket) }, bucket)],
    folders.map((f, i) => [h('span', { class: 'soft' }, '/'), h('a', { href: link('storage', bucket, folders.slice(0, i + 1).join('/') + '/') }, f || '∅')]));
}

function showBuckets(list, signal) {
  list.shown = '';
  poll(pollMs, signal, () => load(list, signal, async () => (await get('buckets')).buckets, (buckets) =>
    buckets.length === 0 ? h('p', { class: 'empty' }, t('noBuckets'))
      : h('ul', { class: 'entries' }, buckets.map((b) => h('li', {}, h('a', { href: link('storage', b.name), 'data-key': b.name }, h('strong', {}, b.name), h('small', {}, b.location)))))));
}

/** load fetches data and draws it if it has changed. */
async function load(box, signal, fetchData, draw) {
  try {
    const data = await fetchData();
    const text = JSON.stringify(data);
    if (signal.aborted || box.shown === text) return;
    box.shown = text;
    fill(box, draw(data));
  } catch (error) {
    if (!signal.aborted) fill(box, h('p', { class: 'problem' }, errorText(error)));
    box.shown = '';
  }
}

function showObjects(list, signal, bucket, prefix) {
  pages(signal, {
    async fetchPage(token) {
      const page = await get('objects', { bucket, prefix, token });
      return { items: [...page.folders.map((folder) => ({ folder })), ...page.objects], next: page.next };
    },
    draw(items, more) {
      fill(list, items.length === 0 ? h('p', { class: 'empty' }, t('noObjects')) : h('ul', { class: 'entries files' }, items.map((i) => h('li', {}, entry(i, bucket, prefix)))),
        more && h('button', { class: 'more', onclick: more }, t('more')));
      mark(list);
    },
    failed: (error) => fill(list, h('p', { class: 'problem' }, errorText(error))),
  });
}

/** mark highlights the selected object. */
function mark(list) {
  for (const a of list.querySelectorAll('a[data-id]')) {
    if (a.dataset.id === list.dataset.chosen) a.setAttribute('aria-current', 'true');
    else a.removeAttribute('aria-current');
  }
}

function entry(item, bucket, prefix) {
  if (item.folder) {
    const name = item.folder.slice(prefix.length);
    return h('a', { href: link('storage', bucket, item.folder), 'data-key': item.folder }, h('strong', { class: 'folder' }, name === '/' ? '∅/' : name));
  }
  return h('a', { href: link('storage', bucket, prefix, item.name), 'data-id': item.name, 'data-key': item.name },
    h('strong', {}, item.name.slice(prefix.length) || '∅'),
    h('small', {}, [item.type, item.encoding].filter(Boolean).join(' · ')), h('small', { class: 'end' }, bytes(item.size)), h('small', { class: 'end' }, ago(item.updated)));
}

function showObject(detail, signal, bucket, prefix, name) {
  detail.shown = '';
  poll(pollMs, signal, () => load(detail, signal, () => get('object', { bucket, name }), (o) => [
    h('div', { class: 'column-head' }, h('h2', {}, shortName(name) || name),
      h('a', { class: 'button', 'data-key': 'download', href: '/api/content?' + new URLSearchParams({ bucket, name }), download: '' }, t('download')),
      h('button', {
        class: 'quiet danger', 'data-key': 'delete', onclick: () => confirm({
          title: t('deleteObject'), text: name,
          action: async () => { await remove('object', { bucket, name }); toast(t('deleted')); go('storage', bucket, prefix); },
        }),
      }, t('delete'))),
    h('div', { class: 'column-body' }, properties([
      [t('name'), h('code', { class: 'breaks' }, o.name)], [t('size'), `${bytes(o.size)} (${o.size})`], [t('type'), o.type], [t('encoding'), o.encoding],
      [t('cacheControl'), o.cacheControl], ['Content-Disposition', o.disposition], ['Content-Language', o.language],
      [t('created'), moment(o.created)], [t('updated'), moment(o.updated)], [t('generation'), `${o.generation} · ${o.metageneration}`],
      ['MD5', o.md5 && h('code', {}, o.md5)], ['CRC32C', h('code', {}, o.crc32c)],
    ]), o.custom && [h('h3', {}, t('customMetadata')), properties(Object.entries(o.custom))]),
  ]));
}
