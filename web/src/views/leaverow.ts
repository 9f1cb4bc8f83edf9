/** Before the row of a button goes away: gives the focus to the same button of the next row, so that the keyboard stays there. */
export function leaveRow({ currentTarget }: Event): void {
  const button = currentTarget as HTMLElement
  const row = button.closest('li')
  const at = [...row?.querySelectorAll('button') ?? []].indexOf(button as HTMLButtonElement)
  const next = (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelectorAll('button')[at]
  const other = next ?? document.querySelector<HTMLElement>('dialog[open] h2, #content')
  other?.focus({ preventScroll: next === undefined })
}
