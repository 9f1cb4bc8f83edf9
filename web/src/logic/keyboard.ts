// Korean typed with the keyboard in English, and the reverse: the keys of the standard layout, KS X 5002 (2-beolsik).
//
//   hangulOfKeys('epdlxj')     'ㄷㅔㅇㅣㅌㅓ', the letters of 데이터; undefined if it is not such a text
//   keysOfHangul('ㅊㅐㄴㄷ')    'cose', of the letters of 챈ㄷ, which is COSE typed with the keyboard in Korean

const keys = 'qwertyuiopasdfghjklzxcvbnm'
const letters = 'ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ'
const shifted: Readonly<Record<string, string>> = { Q: 'ㅃ', W: 'ㅉ', E: 'ㄸ', R: 'ㄲ', T: 'ㅆ', O: 'ㅒ', P: 'ㅖ' }

/** Letters as search compares them (letters.ts), with the spaces of the text and its digits. Undefined unless every other key is a letter's. */
export function hangulOfKeys(text: string): string | undefined {
  if (!/^[a-zA-Z\d\s]*[a-zA-Z][a-zA-Z\d\s]*$/.test(text)) return undefined
  return Array.from(text, (key) => {
    const i = keys.indexOf(key.toLowerCase())
    return shifted[key] ?? (i < 0 ? key : letters[i]!)
  }).join('')
}

/** The keys of letters (letters.ts) of a text, without shift. Undefined unless there is a Hangul letter. */
export function keysOfHangul(text: string): string | undefined {
  const keysOf = Array.from(text, (letter) => {
    const double = Object.keys(shifted).find((key) => shifted[key] === letter)
    return double?.toLowerCase() ?? keys[letters.indexOf(letter)] ?? letter
  }).join('')
  return keysOf === text ? undefined : keysOf
}
