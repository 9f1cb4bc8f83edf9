import { useEffect } from 'preact/hooks'
import { language, t, formatTime, type Language } from '../i18n/index.ts'
import { explain } from '../cloud/failure.ts'
import { notify } from '../model/notice.ts'
import { store } from '../model/plans.ts'
import { examine, notified, obstacle, switching, turnOff, turnOn } from '../model/notifications.ts'
import { openDialog } from '../model/screen.ts'
import { account, refreshUsername, signedIn, user } from '../model/session.ts'

/** Who is signed in, and the settings. */
export function AccountView() {
  const words = t.value
  const current = user.value
  useEffect(refreshUsername, [signedIn.value])
  return (
    <div class="account">
      {current === undefined && <p role="status">{words.loading}</p>}
      {current === null && (
        <section class="panel-card">
          <h2>{words.guestHint}</h2>
          <p>{words.signInHint}</p>
          <button type="button" class="primary" onClick={() => openDialog({ name: 'signin' })}>{words.signIn} · {words.signUp}</button>
        </section>
      )}
      {current && current.deletion !== undefined && <Deleting until={current.deletion} />}
      {current && current.deletion === undefined && (
        <section class="panel-card">
          <h2>{current.username ?? current.id}</h2>
          {current.username && current.username !== current.id && <p>{current.id}</p>}
          <Notifications />
          <ul class="settings">
            <li><button type="button" onClick={() => openDialog({ name: 'username' })}>{current.username ? words.changeUsername : words.chooseUsername}</button></li>
            <li><button type="button" onClick={() => openDialog({ name: 'password' })}>{words.changePassword} · {words.signOutEverywhere}</button></li>
            <li><button type="button" onClick={() => void signOut()}>{words.signOut}</button></li>
            <li><button type="button" class="danger" onClick={() => openDialog({ name: 'delete' })}>{words.deleteAccount}</button></li>
          </ul>
        </section>
      )}
      <section class="panel-card">
        <h2>{words.settings}</h2>
        <label class="field">{words.language}
          <select value={language.value} onChange={(event) => { language.value = event.currentTarget.value as Language }}>
            <option value="ko" lang="ko">{words.korean}</option>
            <option value="en" lang="en">{words.english}</option>
          </select>
        </label>
        <a class="plain" href="/licenses.txt" target="_blank" rel="noopener">{words.licenses}</a>
      </section>
    </div>
  )
}

/** Notifications of what the school changes, on this device. */
function Notifications() {
  useEffect(() => { examine().catch((error: unknown) => console.error(error)) }, [])
  const words = t.value.notifications
  const why = obstacle.value
  const isOn = notified.value !== switching.value // while it is being changed, what it will be
  return (
    <label class="switch">
      <span>{words.title}<small>{why ? words[why] : words.hint}</small></span>
      <input type="checkbox" role="switch" checked={isOn} disabled={why !== undefined && !notified.value} aria-busy={switching.value}
        onChange={() => void (notified.value ? turnOff() : turnOn())} />
    </label>
  )
}

/** Signs out, unless that loses something that the student wants to keep. */
export async function signOut(): Promise<void> {
  if (store.value.unsaved.value && !confirm(t.value.signOutUnsaved)) return
  await (await account()).signOut()
}

/** Says that the account is about to be deleted, and takes it back. */
export function Deleting({ until }: { until: number }) {
  const words = t.value
  const takeBack = async (): Promise<void> => {
    try {
      await (await account()).takeBack()
      notify({ kind: 'done', text: words.takenBack })
    } catch (error) {
      if (explain(error) === words.failures.again) openDialog({ name: 'delete' })
      else notify({ kind: 'failed', text: explain(error) })
    }
  }
  return (
    <section class="panel-card warning" role="alert">
      <h2>{words.deleting}</h2>
      <p>{words.deletingHint(formatTime(until))}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => void takeBack()}>{words.takeBack}</button>
        <button type="button" onClick={() => void signOut()}>{words.signOut}</button>
      </div>
    </section>
  )
}
