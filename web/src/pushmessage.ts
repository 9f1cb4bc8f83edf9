// What the service worker tells the app's windows: pushmessages.ts listens.

/** What a notification is about; docs/push.md has the keys. */
export type PushData = Readonly<Record<string, string>>

export type WorkerMessage =
  /** A notification came while the app is visible. */
  | { readonly kind: 'notification'; readonly text: string; readonly data: PushData }
  /** The student tapped a notification. */
  | { readonly kind: 'open'; readonly data: PushData }
