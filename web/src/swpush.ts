// Notifications in the service worker. Firebase's SDK has a part for workers, but needs the project's configuration when the worker
// starts, and that comes from Hosting. So this shows what Cloud Messaging sends, which is the notification itself.

import type { PushData, WorkerMessage } from './pushmessage.ts'

/** A message as Cloud Messaging sends it to browsers, as far as the app needs it. */
interface Message {
  readonly notification?: { readonly title?: string; readonly body?: string; readonly tag?: string }
  readonly data?: PushData
}

export function listenForPush(worker: ServiceWorkerGlobalScope): void {
  // One after another: a notification waits for its picture, and an older one must not replace a newer one with the same tag.
  let last: Promise<void> = Promise.resolve()
  worker.addEventListener('push', (event) => {
    const shown = last.then(() => receive(worker, event.data))
    last = shown.catch(() => {})
    event.waitUntil(shown)
  })
  worker.addEventListener('notificationclick', (event) => {
    event.notification.close()
    event.waitUntil(open(worker, (event.notification.data ?? {}) as PushData))
  })
}

const windowsOf = (worker: ServiceWorkerGlobalScope): Promise<readonly WindowClient[]> =>
  worker.clients.matchAll({ type: 'window', includeUncontrolled: true })

/** Shows a message: in the app, if it is visible, and otherwise as a notification, which replaces an earlier one with its tag. */
async function receive(worker: ServiceWorkerGlobalScope, payload: PushMessageData | null): Promise<void> {
  const { notification: { title = 'HeekTime', body = '', tag = '' } = {}, data = {} } = parse(payload)
  const visible = (await windowsOf(worker)).filter((window) => window.visibilityState === 'visible')
  for (const window of visible) window.postMessage({ kind: 'notification', text: body || title, data } satisfies WorkerMessage)
  // Only Chromium, which alone has userAgentData, excuses a message without a notification when the app is visible. Safari ends the
  // subscription after some of them.
  if (visible.length > 0 && 'userAgentData' in worker.navigator) return
  await worker.registration.showNotification(title, { body, tag, data, icon: '/icon-192.png' })
}

function parse(payload: PushMessageData | null): Message {
  try {
    return (payload?.json() ?? {}) as Message
  } catch {
    return {}
  }
}

/** Opens what a notification is about in the app, in a window that is open or in a new one. */
async function open(worker: ServiceWorkerGlobalScope, data: PushData): Promise<void> {
  const [window] = await windowsOf(worker)
  if (!window) {
    await worker.clients.openWindow(`/?${new URLSearchParams(data)}`)
    return
  }
  window.postMessage({ kind: 'open', data } satisfies WorkerMessage)
  await window.focus()
}
