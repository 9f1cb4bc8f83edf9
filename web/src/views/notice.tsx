import { useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/index.ts'
import { dismissNotice, notice } from '../model/notice.ts'
import { IconButton } from './icon.tsx'

/** What was just done, with its undo; or why something failed. As a popover it is above dialogs, too. */
export function NoticeBar() {
  const now = notice.value
  const element = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (!now) return
    element.current?.hidePopover()
    element.current?.showPopover()
  }, [now])
  return (
    <div role={now?.kind === 'failed' ? 'alert' : 'status'}>
      {now && (
        <div ref={element} popover="manual" class={`notice ${now.kind}`}>
          <span>{now.text}</span>
          {now.undo && <button type="button" class="plain" onClick={now.undo}>{t.value.undo}</button>}
          <IconButton icon="close" label={t.value.close} onClick={dismissNotice} />
        </div>
      )}
    </div>
  )
}
