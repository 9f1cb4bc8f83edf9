// Korean typed with the keyboard in English: the keys of the standard layout, KS X 5002 (2-beolsik).
//
//   hangulOfKeys('epdlxj')   'ㄷㅔㅇㅣㅌㅓ', the letters of 데이터; undefined if it is not such a text

const keys = 'qwertyuiopasdfghjklzxcvbnm'
const letters = 'ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ'
const shifted: Readonly<Record<string, string>> = { Q: 'ㅃ', W: 'ㅉ', E: 'ㄸ', R: 'ㄲ', T: 'ㅆ', O: 'ㅒ', P: 'ㅖ' }

/** Letters as search compares them (letters.ts), with the spaces of the text. Undefined unless every key is a letter's. */
export function hangulOfKeys(text: string): string | undefined {
  if (!/^[a-zA-Z\s]+$/.test(text)) return undefined
  return Array.from(text, (key) => {
    const i = keys.indexOf(key.toLowerCase())
    return shifted[key] ?? (i < 0 ? key : letters[i]!)
  }).join('')
}
