import { palette } from '../logic/colours.ts'

/** Makes a class of each colour of lectures, in both themes. */
export function usePalette(): void {
  const rules = (theme: 'light' | 'dark'): string =>
    palette.map((colour, i) => `.colour-${i}{--block:${colour[theme].background};--block-text:${colour[theme].text};--edge:${colour[theme].edge}}`).join('')
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`${rules('light')}@media screen and (prefers-color-scheme:dark){${rules('dark')}}`)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
}
