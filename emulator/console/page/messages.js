// Cloud Messaging: the messages that were sent, and the devices with what each of them shows.

import { h, fill, poll, attempt } from './dom.js';
import { errorText } from './errors.js';
import { get, post, remove } from './api.js';
import { ago, at, count, moment, properties } from './format.js';
import { heading, keptOpen } from './cards.js';
import { t } from './words.js';

const pollMs = 1000;
const platforms = { ANDROID: 'Android', IOS: 'iOS', CHROME: 'Web' };

export function open(main, signal, state) {
  const project = state.project;
  const list = h('section', {});
  let shown = '';
  const load = async () => {
    try {
      const found = await get('messages', { project });
      const text = JSON.stringify(found);
      if (signal.aborted || text === shown) return;
      shown = text;
      fill(list, messages(list, found), devices(list, found, project, load));
    } catch (error) {
      if (!signal.aborted) fill(list, h('p', { class: 'problem' }, errorText(error)));
      shown = '';
    }
  };
  const clear = () => attempt(async () => { await remove('messages', { project }); await load(); }, t('deleted'));
  fill(main, h('header', { class: 'bar' }, h('h1', {}, t('messages')), h('button', { onclick: clear }, t('clearMessages'))), list);
  poll(pollMs, signal, load);
}

function messages(box, { messages, more }) {
  if (messages.length === 0) return h('p', { class: 'empty' }, t('noMessages'));
  return [
    h('div', { class: 'rows sends' }, heading('messageTarget', 'notification', 'sent', 'devices'), keptOpen(box, messages, messageRow)),
    more > 0 && h('p', { class: 'soft' }, t('moreMessages', { n: count(more) })),
  ];
}

/** target returns the kind of a message's target and the target. */
function target(message) {
  const kind = ['topic', 'condition', 'token', 'fid'].find((name) => message[name]);
  return [{ topic: 'topic', condition: 'condition', token: 'device', fid: 'device' }[kind], message[kind]];
}

/** notification returns the title and the text of a message, which may be those of a platform. */
function notification(message) {
  const alert = message.apns?.payload?.aps?.alert;
  return message.notification ?? message.android?.notification ?? message.webpush?.notification
    ?? (typeof alert === 'string' ? { body: alert } : alert) ?? {};
}

function messageRow({ id, time, message, devices }) {
  const [kind, name] = target(message);
  const { title, body } = notification(message);
  return h('details', { 'data-name': id },
    h('summary', { 'data-key': id },
      h('span', { class: 'clip', title: name }, h('span', { class: 'badge' }, t(kind)), ' ', h('code', {}, name)),
      h('span', { class: 'clip' }, title || body ? [title && h('strong', {}, title), ' ', body] : h('span', { class: 'soft' }, t('dataOnly'))),
      ago(time), h('span', {}, count(devices))),
    h('div', { class: 'row-body' },
      properties([[t('messageID'), h('code', {}, id)], [t('sent'), moment(time)]]),
      h('pre', {}, JSON.stringify(message, null, 2))));
}

function devices(box, { devices, moreDevices }, project, reload) {
  const add = (platform) => attempt(async () => { await post('device', { project }, { platform }); await reload(); }, t('registered'));
  return [
    h('header', { class: 'bar' }, h('h2', {}, t('devices')),
      Object.entries(platforms).map(([platform, name]) => h('button', { 'data-key': 'add/' + platform, onclick: () => add(platform) }, '+ ' + name))),
    devices.length === 0 ? h('p', { class: 'empty' }, t('noDevices'))
      : h('div', { class: 'rows devices' }, heading('registrationToken', 'platform', 'topics', 'showing', 'waitingMessages'),
        keptOpen(box, devices, (device) => deviceRow(device, reload))),
    moreDevices > 0 && h('p', { class: 'soft' }, t('moreDevices', { n: count(moreDevices) })),
  ];
}

function deviceRow(device, reload) {
  const { token, offline, topics = [], shown = [], waiting = [], received = [] } = device;
  const act = (action, done) => attempt(async () => { await post('changeDevice', { token, action }); await reload(); }, done);
  return h('details', { 'data-name': token },
    h('summary', { 'data-key': token },
      h('code', { class: 'clip', title: token }, token), h('span', {}, platforms[device.platform]), h('span', {}, count(topics.length)),
      h('span', {}, count(shown.length)), offline ? h('span', { class: 'badge run' }, t('offline'), ' ', count(waiting.length)) : h('span', {}, count(waiting.length))),
    h('div', { class: 'row-body' },
      h('p', { class: 'buttons' },
        h('button', { 'data-key': 'connect/' + token, onclick: () => act(offline ? 'connect' : 'disconnect') }, t(offline ? 'connect' : 'disconnect')),
        h('button', { 'data-key': 'remove/' + token, onclick: () => act('remove', t('deleted')) }, t('unregister'))),
      properties([
        [t('registrationToken'), h('code', {}, token)], ['FID', device.fid && h('code', {}, device.fid)], [t('app'), device.app],
        [t('topics'), topics.length > 0 && topics.map((name) => [h('code', {}, name), ' '])],
        [t('dropped'), device.dropped > 0 && count(device.dropped)],
      ]),
      h('h3', {}, t('showing')), notifications(shown, 'showsNothing'),
      waiting.length > 0 && [h('h3', {}, t('waitingMessages')), notifications(waiting)],
      h('p', { class: 'soft' }, t('receivedMessages', { n: count(received.length) }))));
}

/** notifications shows messages as a device gets them, newest first. */
function notifications(list, empty) {
  if (list.length === 0) return h('p', { class: 'empty' }, t(empty));
  return h('div', { class: 'runs' }, list.toReversed().map((one) => h('div', {},
    h('p', {}, h('strong', {}, one.title || t('dataOnly')), ' ', at(one.sent), one.tag && [' ', h('code', {}, one.tag)]),
    one.body && h('p', {}, one.body))));
}
