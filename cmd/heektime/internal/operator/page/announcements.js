// Announcements to users: the list, a dialog that writes one, and ending one.

import { h, fill, toast } from './dom.js';
import { ApiError, errorText } from './errors.js';
import { dialog, field } from './dialog.js';
import { get, post } from './api.js';
import { properties, seoul } from './format.js';
import { t } from './words.js';

const kinds = { current: 'good', scheduled: 'run', ended: '' };

export function open(main, signal, state) {
  const box = h('section', {});
  const write = h('button', { class: 'primary', disabled: true }, t('announce'));
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('announcements')), h('span', { class: 'space' }), write), box);
  const load = async () => {
    try {
      const { announcements, more, schools, maxText, canPush } = await get('announcements');
      if (signal.aborted) return;
      const names = new Map(schools.map((s) => [s.id, s.name]));
      write.disabled = false;
      write.onclick = () => compose(state, schools, maxText, canPush, load);
      fill(box, announcements.length === 0 ? h('p', { class: 'empty' }, t('noAnnouncements')) :
        h('div', { class: 'cards announcements' }, announcements.map((a) => card(a, names, state, load))),
      more && h('p', { class: 'hint' }, t('moreHidden')));
    } catch (error) {
      if (!signal.aborted) fill(box, h('p', { class: 'problem', role: 'alert' }, errorText(error)));
    }
  };
  load();
}

function audience(id, names) {
  return id === 'all' ? t('everyone') : names.get(id) ?? id;
}

function card(a, names, state, reload) {
  return h('article', { class: 'card' },
    h('p', {}, h('span', { class: 'badge ' + kinds[a.state] }, t('announcement.' + a.state)), ' ', h('strong', {}, audience(a.audience, names))),
    h('p', { class: 'text breaks', lang: 'ko' }, a.korean),
    h('p', { class: 'text breaks soft', lang: 'en' }, a.english),
    h('p', { class: 'hint' }, seoul(a.from), ' – ', seoul(a.until), ' ', t('seoulTime')),
    a.push && h('p', { class: 'hint' }, t('announcedPush'), ' ', seoul(a.push)),
    a.state !== 'ended' && h('p', { class: 'buttons' }, h('button', { 'data-key': 'end/' + a.id, onclick: () => end(a, names, state, reload) }, t('endAnnouncement'))));
}

function compose(state, schools, maxText, canPush, reload) {
  const text = (name, lang) => h('textarea', { class: 'prose', name, lang, rows: '3', required: true, maxlength: String(maxText) });
  dialog({
    title: t('announce'), label: t('announce.send'), wide: true,
    body: [
      properties([[t('project'), h('code', {}, state.project)]]),
      field(t('korean'), text('korean', 'ko')),
      field(t('english'), text('english', 'en')),
      field(t('audience'), h('select', { name: 'audience' }, h('option', { value: 'all' }, t('everyone')), schools.map((s) => h('option', { value: s.id }, s.name)))),
      h('div', { class: 'pair' },
        field(t('from'), h('input', { type: 'datetime-local', name: 'from' }), t('fromHint')),
        field(t('untilTime'), h('input', { type: 'datetime-local', name: 'until', required: true }), t('seoulTime'))),
      canPush && h('label', {}, h('input', { type: 'checkbox', name: 'push' }), ' ', t('announcePush'), h('small', { class: 'hint' }, t('announcePush.hint'))),
    ],
    async submit(form) {
      const { from, until } = Object.fromEntries(form);
      if (from && until <= from) throw new ApiError('announcement-times', '');
      await post('announcement', { project: state.project, korean: form.get('korean'), english: form.get('english'), audience: form.get('audience'), from, until, push: form.has('push') });
      toast(t('announced'));
      reload();
    },
  });
}

function end(a, names, state, reload) {
  dialog({
    title: t('endAnnouncement?'), label: t('endAnnouncement'), danger: true,
    body: [
      properties([[t('project'), h('code', {}, state.project)], [t('audience'), audience(a.audience, names)], [t('korean'), a.korean]]),
      h('p', {}, t(a.state === 'scheduled' ? 'endScheduled.text' : 'endAnnouncement.text')),
    ],
    async submit() {
      await post('announcement/end', { project: state.project, id: a.id });
      toast(t('announcementEnded'));
      reload();
    },
  });
}
