import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ComponentChildren } from 'preact'

interface Props {
  readonly count: number
  /** The height of a row in rem, so that it grows with the text. */
  readonly rowHeight: number
  /** When this changes, the list begins at its top. */
  readonly resetKey: unknown
  readonly label: string
  /** What a row is of. A row stays where it is on the screen when other rows come or go above it. */
  readonly keyOf: (index: number) => string | undefined
  readonly row: (index: number) => ComponentChildren
}

const overscan = 6

/** A list of thousands of rows, of which only those on the screen exist. Arrow keys go from row to row. */
export function VirtualList({ count, rowHeight, resetKey, label, keyOf, row }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const top = useRef<{ readonly index: number; readonly key: string | undefined }>({ index: 0, key: undefined })
  /** The row that gets the focus in the next frame: keys may come faster. */
  const going = useRef<number | undefined>(undefined)
  const [range, setRange] = useState({ first: 0, last: 20 })
  const height = rowHeight * parseFloat(getComputedStyle(document.documentElement).fontSize)

  const measure = (): void => {
    const element = scroller.current
    if (!element) return
    const index = Math.floor(element.scrollTop / height)
    top.current = { index, key: keyOf(index) }
    const first = Math.max(0, index - overscan)
    const last = Math.ceil((element.scrollTop + element.clientHeight) / height) + overscan
    setRange((old) => (old.first === first && old.last === last ? old : { first, last }))
  }
  useEffect(() => {
    const observer = new ResizeObserver(measure)
    observer.observe(scroller.current!)
    return () => observer.disconnect()
  }, [height])
  useLayoutEffect(() => {
    scroller.current!.scrollTop = 0
    measure()
  }, [resetKey])
  useLayoutEffect(() => {
    const { index, key } = top.current
    if (index > 0 && key !== undefined && key !== keyOf(index)) {
      const now = Array.from({ length: count }, (_, i) => i).find((i) => keyOf(i) === key)
      if (now !== undefined) scroller.current!.scrollTop += (now - index) * height
    }
    measure()
  }, [keyOf(top.current.index), count])

  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -count, End: count }[event.key]
    const current = (event.target as Element).closest('[aria-posinset]')
    const element = scroller.current
    if (!step || !current || !element || (event.target as Element).matches('input, select')) return
    event.preventDefault()
    const index = Math.min(count - 1, Math.max(0, (going.current ?? Number(current.getAttribute('aria-posinset')) - 1) + step))
    going.current = index
    const top = index * height
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + height > element.scrollTop + element.clientHeight) element.scrollTop = top + height - element.clientHeight
    measure()
    requestAnimationFrame(() => {
      if (going.current !== index) return
      going.current = undefined
      element.querySelector<HTMLElement>(`[aria-posinset="${index + 1}"] .row-main`)?.focus({ preventScroll: true })
    })
  }

  const last = Math.min(range.last, count)
  const first = Math.min(range.first, last)
  return (
    <div ref={scroller} class="virtual" onScroll={measure} onKeyDown={move} tabIndex={-1}>
      <ul role="list" aria-label={label} style={{ height: `${count * rowHeight}rem` }}>
        {Array.from({ length: last - first }, (_, i) => first + i).map((index) => (
          <li key={keyOf(index) ?? index} aria-setsize={count} aria-posinset={index + 1} style={{ transform: `translateY(${index * rowHeight}rem)`, height: `${rowHeight}rem` }}>
            {row(index)}
          </li>
        ))}
      </ul>
    </div>
  )
}
