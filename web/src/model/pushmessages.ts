// What the service worker tells the app: a notification came while it was visible, or the student tapped one. A tap opens the
// lecture. A new window has the notification's data in its address.

import { effect, signal } from '@preact/signals'
import { loadSchool, loadSemester } from '../cloud/publicdata.ts'
import type { PushData, WorkerMessage } from '../pushmessage.ts'
import { wanted } from './catalog.ts'
import { chosen } from './choice.ts'
import { notify } from './notice.ts'
import { lectures, store } from './plans.ts'
import { dialog, open, openDialog, view } from './screen.ts'
import { user } from './session.ts'

/** What to open as soon as the app has it. */
const target = signal<PushData | undefined>(undefined)

if (location.search.includes('type=')) {
  follow(Object.fromEntries(new URLSearchParams(location.search)))
  history.replaceState(null, '', location.pathname + location.hash)
}

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<WorkerMessage>) => {
    if (data.kind === 'notification') notify({ kind: 'done', text: data.text })
    else if (data.kind === 'open') follow(data.data)
  })
}

/** Opens a lecture, or all of a semester whose list changed. Announcements are on every view. */
function follow(data: PushData): void {
  if (data['type'] === 'list') open('lectures')
  else if (data['type'] === 'lecture') target.value = data
  else return
  wanted.value = true // with the list come its changes
  const [school, path] = [data['schoolId'] ?? '', `schools/${data['schoolId']}/semesters/${data['semesterId']}`]
  const shown = chosen.peek()?.school
  Promise.all([shown?.id === school ? shown : loadSchool(school), loadSemester(path)]).then(([school, semester]) => {
    if (semester) chosen.value = { school, semester }
  }).catch(() => {}) // offline: what is on the screen stays
}

effect(() => {
  const to = target.value
  if (!to || user.value === undefined || (user.value && store.value.kind === 'device')) return // until the account is open
  if (chosen.value?.semester.path !== `schools/${to['schoolId']}/semesters/${to['semesterId']}`) return
  const lecture = lectures.value.find(({ identifier }) => identifier !== '' && (identifier === to['lecture'] || identifier === to['lectureNow']))
  if (!lecture) return // its document may still come
  target.value = undefined
  openDialog({ name: 'lecture', lecture })
})

// A student who has gone on does not want to be interrupted.
effect(() => {
  if (dialog.value || view.value === 'search') target.value = undefined
})
