import { useState } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { explain } from '../cloud/failure.ts'
import { t } from '../i18n/index.ts'
import { devicePlans } from '../model/deviceplans.ts'
import { notify } from '../model/notice.ts'
import { closeDialog, openDialog } from '../model/screen.ts'
import { account, user } from '../model/session.ts'
import { longest, shortestUsername, usernamePattern } from '../schema.ts'
import { Dialog } from './dialog.tsx'

/** A form that waits for a server, and says why it failed. */
function Form({ submit, label, danger = false, children, extra }: {
  submit: (fields: FormData) => Promise<void>; label: string; danger?: boolean; children: ComponentChildren; extra?: ComponentChildren
}) {
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setProblem('')
    try {
      await submit(new FormData(event.currentTarget as HTMLFormElement))
    } catch (error) {
      setProblem(explain(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class="form" onSubmit={(event) => void send(event as SubmitEvent)}>
      {children}
      <p class="problem" role="alert">{problem}</p>
      <div class="dialog-foot">
        {extra}
        <button type="submit" class={danger ? 'danger primary' : 'primary'} aria-disabled={busy}>{busy ? t.value.working : label}</button>
      </div>
    </form>
  )
}

const text = (fields: FormData, name: string): string => String(fields.get(name) ?? '').trim()

/** Signing in, and signing up. */
export function SignInDialog() {
  const words = t.value
  const [isNew, setIsNew] = useState(false)
  const [id, setId] = useState('')
  const submit = async (fields: FormData): Promise<void> => {
    const password = String(fields.get('password'))
    const module = await account()
    if (isNew) await module.signUp(text(fields, 'id'), password)
    else await module.signIn(text(fields, 'id'), password)
    closeDialog()
    if (isNew) openDialog({ name: 'username' })
  }
  const reset = async (): Promise<void> => {
    if (!id.includes('@')) return notify({ kind: 'failed', text: words.resetNeedsEmail })
    try {
      await (await account()).requestPassword(id)
      notify({ kind: 'done', text: words.resetSent })
    } catch (error) {
      notify({ kind: 'failed', text: explain(error) })
    }
  }
  return (
    <Dialog title={isNew ? words.signUp : words.signIn}>
      <Form key={String(isNew)} submit={submit} label={isNew ? words.signUp : words.signIn}
        extra={<button type="button" class="plain" onClick={() => setIsNew(!isNew)}>{isNew ? words.haveAccount : words.noAccount}</button>}>
        <p class="hint">{devicePlans().length > 0 ? words.takenAlong : words.signInHint}</p>
        <label class="field">{isNew ? words.email : words.idOrEmail}
          <input name="id" type="text" inputMode="email" autocomplete={isNew ? 'email' : 'username'} autocapitalize="none" spellcheck={false} required value={id} onInput={(event) => setId(event.currentTarget.value)} />
        </label>
        <label class="field">{words.password}
          <input name="password" type="password" autocomplete={isNew ? 'new-password' : 'current-password'} required minLength={isNew ? 6 : 1} maxLength={1024} />
        </label>
        {isNew ? <p class="hint">{words.passwordRule}</p> : <button type="button" class="plain left" onClick={() => void reset()}>{words.forgot}</button>}
      </Form>
    </Dialog>
  )
}

export function UsernameDialog() {
  const words = t.value
  const [name, setName] = useState(user.value?.username ?? '')
  const length = [...name].length
  const isGood = length >= shortestUsername && length <= longest.username && usernamePattern.test(name) && !/^\.+$/.test(name)
  const submit = async (): Promise<void> => {
    if (!isGood) return // the hint says why
    await (await account()).chooseUsername(name)
    closeDialog()
  }
  return (
    <Dialog title={user.value?.username ? words.changeUsername : words.chooseUsername}>
      <Form submit={submit} label={words.save} extra={<button type="button" onClick={closeDialog}>{words.later}</button>}>
        <label class="field">{words.username}
          <input name="username" autocomplete="nickname" autocapitalize="none" spellcheck={false} required value={name} aria-invalid={name !== '' && !isGood}
            onInput={(event) => setName(event.currentTarget.value.normalize('NFC'))} />
        </label>
        <p class={name !== '' && !isGood ? 'problem' : 'hint'} role="status">{name !== '' && !isGood ? words.usernameBad : words.usernameHint}</p>
      </Form>
    </Dialog>
  )
}

export function PasswordDialog() {
  const words = t.value
  const submit = async (fields: FormData): Promise<void> => {
    await (await account()).changePassword(String(fields.get('current')), String(fields.get('next')))
    closeDialog()
    notify({ kind: 'done', text: words.passwordChanged })
  }
  return (
    <Dialog title={words.changePassword}>
      <Form submit={submit} label={words.changePassword}>
        <p class="hint">{words.signOutEverywhereHint}</p>
        <label class="field">{words.currentPassword}<input name="current" type="password" autocomplete="current-password" required maxLength={1024} /></label>
        <label class="field">{words.newPassword}<input name="next" type="password" autocomplete="new-password" required minLength={6} maxLength={1024} /></label>
      </Form>
    </Dialog>
  )
}

/** Deletes the account, or, if that has been requested, takes it back; both need the password once more. */
export function DeleteDialog() {
  const words = t.value
  const isDeleting = user.value?.deletion !== undefined
  const submit = async (fields: FormData): Promise<void> => {
    const module = await account()
    if (isDeleting) await module.takeBack(String(fields.get('password')))
    else await module.remove(String(fields.get('password')))
    closeDialog()
    if (isDeleting) notify({ kind: 'done', text: words.takenBack })
  }
  return (
    <Dialog title={isDeleting ? words.takeBack : words.deleteAccount}>
      <Form submit={submit} label={isDeleting ? words.takeBack : words.deleteAccount} danger={!isDeleting}>
        <p>{isDeleting ? words.failures.again : words.deleteHint}</p>
        <label class="field">{words.password}<input name="password" type="password" autocomplete="current-password" required maxLength={1024} /></label>
      </Form>
    </Dialog>
  )
}
