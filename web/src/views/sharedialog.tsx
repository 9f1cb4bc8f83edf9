import { useEffect } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { notify } from '../model/notice.ts'
import { known, shownPlan, store } from '../model/plans.ts'
import { closeDialog, openDialog } from '../model/screen.ts'
import { refreshUsername, signedIn, user } from '../model/session.ts'
import { Dialog } from './dialog.tsx'
import { Icon } from './icon.tsx'

/** Who may see the plan, and its addresses. The pages service serves them: docs/shared-pages.md */
export function ShareDialog() {
  const words = t.value
  const plan = shownPlan.value
  const username = user.value?.username
  useEffect(refreshUsername, [])
  const print = (): void => {
    closeDialog()
    setTimeout(() => window.print(), 100) // once the dialog is gone
  }
  const isPublic = plan?.visibility === 'public'
  const page = `${location.origin}/user/${encodeURIComponent(username ?? '')}/timetable/${plan?.id}`
  return (
    <Dialog title={words.share}>
      <div class="form">
        {!plan && <p class="hint">{known.value ? words.shareEmpty : words.loading}</p>}
        {plan && !signedIn.value && <Offer text={words.shareSignIn} button={words.signIn} open="signin" />}
        {plan && signedIn.value && !username && <Offer text={words.shareUsername} button={words.chooseUsername} open="username" />}
        {plan && signedIn.value && username && (
          <>
            <label class="switch">
              <span>{words.makePublic}<small>{words.shareHint}</small></span>
              <input type="checkbox" role="switch" checked={isPublic} onChange={() => store.value.setVisibility(plan.id, isPublic ? 'private' : 'public')} />
            </label>
            {isPublic && (
              <>
                <Address label={words.link} url={`${page}/`} />
                <Address label={words.picture} url={`${page}.png`} open={words.openPicture} />
                <Address label={words.calendar} url={`${page}.ics`} href={`${page}.ics`.replace(/^https?:/, 'webcal:')} open={words.subscribe} />
              </>
            )}
          </>
        )}
        <button type="button" onClick={() => openDialog({ name: 'friends' })}><Icon name="users" /> {words.friends}</button>
        {plan && <button type="button" onClick={print}><Icon name="print" /> {words.print}</button>}
      </div>
    </Dialog>
  )
}

function Offer({ text, button, open }: { text: string; button: string; open: 'signin' | 'username' }) {
  return <div class="offer"><p>{text}</p><button type="button" class="primary" onClick={() => openDialog({ name: open })}>{button}</button></div>
}

function Address({ label, url, href = url, open }: { label: string; url: string; href?: string; open?: string }) {
  const words = t.value
  const copy = (): void => { navigator.clipboard.writeText(url).then(() => notify({ kind: 'done', text: words.copied }), () => {}) }
  return (
    <div class="address">
      <label class="field">{label}<input readOnly value={url} onFocus={(event) => event.currentTarget.select()} /></label>
      <button type="button" onClick={copy} aria-label={`${words.copy}: ${label}`}><Icon name="copy" /> {words.copy}</button>
      {open && <a class="button" href={href} target="_blank" rel="noopener"><Icon name="link" /> {open}</a>}
    </div>
  )
}
