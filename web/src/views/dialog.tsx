import { useEffect, useId, useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import { t } from '../i18n/index.ts'
import { closeDialog } from '../model/screen.ts'
import { IconButton } from './icon.tsx'

/** A dialog: at the bottom of a phone, in the middle of a larger screen. The browser keeps the focus in it, and Escape closes it. */
export function Dialog({ title, children, wide = false, close = closeDialog }: { title: string; children: ComponentChildren; wide?: boolean; close?: () => void }) {
  const element = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const dialog = element.current
    if (!dialog) return
    if (!dialog.open) dialog.showModal()
    return () => dialog.close()
  }, [])
  return (
    <dialog
      ref={element} class={wide ? 'dialog wide' : 'dialog'} aria-labelledby={heading}
      onCancel={(event) => { event.preventDefault(); close() }}
      onPointerDown={(event) => { if (event.target === element.current) close() }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={heading} tabIndex={-1} autofocus>{title}</h2>
          <IconButton icon="close" label={t.value.close} onClick={close} />
        </div>
        {children}
      </div>
    </dialog>
  )
}
