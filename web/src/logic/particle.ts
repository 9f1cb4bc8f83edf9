// Korean particles that depend on the sound before them, so that texts need not say 와(과).
//
//   withParticle('데이터', '과/와')   '데이터와';  withParticle('자료구조론', '과/와'): '자료구조론과'
//
// The last letter or digit decides, as it is read aloud: 2 is 이, L is 엘. Brackets, quotes and signs do
// not count. Other scripts take the first form.

/** The form after a consonant, and the one after a vowel. */
export type Particle = '이/가' | '은/는' | '을/를' | '과/와' | '으로/로'

/** 영 일 삼 육 칠 팔, and 엘 엠 엔 알, end in a consonant. */
const consonantDigits = '013678'
const consonantLetters = 'lmnr'

/** The text with the particle that fits it. */
export function withParticle(text: string, particle: Particle): string {
  const [afterConsonant, afterVowel] = particle.split('/') as [string, string]
  return text + (endsInConsonant(text, particle === '으로/로') ? afterConsonant : afterVowel)
}

/** liquid: ㄹ counts as a vowel, as before 로. */
function endsInConsonant(text: string, liquid: boolean): boolean {
  const last = text.normalize('NFC').toLowerCase().match(/[\p{L}\p{N}](?=[^\p{L}\p{N}]*$)/u)?.[0]
  if (last === undefined) return true
  const code = last.codePointAt(0)!
  if (code >= 0xac00 && code <= 0xd7a3) {
    const final = (code - 0xac00) % 28
    return final !== 0 && !(liquid && final === 8)
  }
  if (/\d/.test(last)) return consonantDigits.includes(last) && !(liquid && '178'.includes(last))
  if (/[a-z]/.test(last)) return consonantLetters.includes(last) && !(liquid && 'lr'.includes(last))
  return !/[ㅏ-ㅣ]/.test(last)
}
