import { useEffect, useState } from 'preact/hooks'
import type { Views } from '../cloud/views.ts'
import { t } from '../i18n/index.ts'
import { notify } from '../model/notice.ts'
import { known, shownPlan, store } from '../model/plans.ts'
import { closeDialog, openDialog } from '../model/screen.ts'
import { account, refreshUsername, signedIn, user } from '../model/session.ts'
import { Dialog } from './dialog.tsx'
import { Icon, IconButton } from './icon.tsx'

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
                <Address label={words.link} url={`${page}/`} title={plan.title} />
                <Address label={words.picture} url={`${page}.png`} open={words.openPicture} />
                <Address label={words.calendar} url={`${page}.ics`} href={`${page}.ics`.replace(/^https?:/, 'webcal:')} open={words.subscribe} />
                <ViewsOf plan={plan.id} />
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

/** How often others have opened it. */
function ViewsOf({ plan }: { plan: string }) {
  const [seen, setSeen] = useState<Views>()
  const uid = user.value?.uid
  useEffect(() => { if (uid) account().then(({ loadViews }) => loadViews(uid, plan)).then(setSeen, () => {}) }, [uid, plan]) // offline, nothing is known
  return <p class="hint" role="status">{seen && t.value.views(seen.views, seen.viewers)}</p>
}

/** An address to copy. One with a title can be sent with the device's own menu, too. */
function Address({ label, url, href = url, open, title }: { label: string; url: string; href?: string; open?: string; title?: string }) {
  const words = t.value
  const copy = (): void => { navigator.clipboard.writeText(url).then(() => notify({ kind: 'done', text: words.copied }), () => {}) }
  return (
    <div class="address">
      <label class="field">{label}<input readOnly value={url} onFocus={(event) => event.currentTarget.select()} /></label>
      <button type="button" onClick={copy} aria-label={`${words.copy}: ${label}`}><Icon name="copy" /> {words.copy}</button>
      {title && 'share' in navigator && <IconButton icon="share" label={words.send} onClick={() => void navigator.share({ title, url }).catch(() => {})} />}
      {open && <a class="icon-button" href={href} target="_blank" rel="noopener" aria-label={open} title={open}><Icon name="link" /></a>}
    </div>
  )
}
