// Turns text into the letters that a Korean keyboard types, so that what an input method shows halfway (데잍 for 데이터)
// is a prefix of the whole: 데잍 = ㄷㅔㅇㅣㅌ, 데이터 = ㄷㅔㅇㅣㅌㅓ. Case, width, accents, spaces, punctuation and
// composition (NFC, NFD) mean nothing. Compound vowels and finals are the letters that they are typed with (ㅘ = ㅗㅏ,
// ㄳ = ㄱㅅ), doubled consonants are letters of their own (ㄲ is one key).
//
//   spell(text)        letters, and where in them syllables and words start
//   lettersOf(text)    the letters alone, for queries
//
// Syllables are decomposed by Unicode's compatibility decomposition, so this needs a table of 64 letters and no library:
// https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G56669 . es-hangul's disassemble would need the
// same normalization around it, and does not say where syllables start.

/** A text as letters. */
export interface Spelling {
  /** Hangul letters are U+3131 to U+3163; others are lower case, without accents. */
  readonly letters: string
  /** For each letter, and for the end: 0 within a syllable, 1 where a syllable or another character starts, 3 where a word does. */
  readonly starts: Uint8Array
  /** For each letter, and for the end: where the character comes from, as a position in the text's NFC form. */
  readonly source: Uint16Array
}

const initials = [...'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ']
const vowels = 'ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ'.split(' ')
const finals = 'ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ'.split(' ')

// What normalization makes of Hangul: initials from U+1100, vowels from U+1161, finals from U+11A8. Single compatibility
// letters, as typed, become one of these, too.
const jamo = new Map<number, string>()
initials.forEach((letter, i) => jamo.set(0x1100 + i, letter))
vowels.forEach((letter, i) => jamo.set(0x1161 + i, letter))
finals.forEach((letter, i) => jamo.set(0x11a8 + i, letter))

// Not letters: spaces, punctuation but + and # (C++, C#), controls such as RTL marks and joiners, accents and variants.
const skipped = /[\s\p{Z}\p{C}\p{M}]|(?![+#])\p{P}/u

/** Whether a letter is a Hangul consonant. */
export function isConsonant(letter: number): boolean {
  return letter >= 0x3131 && letter <= 0x314e
}

/** Whether a letter is Hangul. */
export function isHangul(letter: number): boolean {
  return letter >= 0x3131 && letter <= 0x3163
}

/** The letters of a text, without where they come from. */
export function lettersOf(text: string): string {
  return spell(text).letters
}

/** Spells a text. Bounded: lists have no text of more than 500 characters, and what is beyond 1,000 is left out. */
export function spell(text: string): Spelling {
  let letters = ''
  const starts: number[] = []
  const source: number[] = []
  const add = (more: string, start: number, from: number): void => {
    for (let i = 0; i < more.length; i++) {
      starts.push(i === 0 ? start : 0)
      source.push(from)
    }
    letters += more
  }
  let word = 2
  let at = 0
  for (const character of text.normalize('NFC').slice(0, 1000)) {
    for (const part of partsOf(character)) {
      if (part.letters !== '') {
        const within = part.within && word === 0 && isHangul(letters.charCodeAt(letters.length - 1))
        add(part.letters, within ? 0 : 1 | word, at)
        word = 0
      } else if (part.separates) {
        word = 2
      }
    }
    at += character.length
  }
  starts.push(3)
  source.push(at)
  return { letters, starts: Uint8Array.from(starts), source: Uint16Array.from(source) }
}

/** What one character is made of. */
interface Part {
  /** '' if it is not searched. */
  readonly letters: string
  /** Whether it is a vowel or a final, which continues the syllable before it. */
  readonly within: boolean
  /** Whether it separates words: spaces and punctuation do, accents do not. */
  readonly separates: boolean
}

// A list has some 1,500 different characters.
const known = new Map<string, readonly Part[]>()

function partsOf(character: string): readonly Part[] {
  let parts = known.get(character)
  if (!parts) {
    // Lower case before and after: some capitals decompose into letters, and some letters have only compatibility capitals.
    parts = Array.from(character.toLowerCase().normalize('NFKD').toLowerCase(), (part) => {
      const letters = jamo.get(part.codePointAt(0)!)
      if (letters) return { letters, within: part.codePointAt(0)! >= 0x1161, separates: false }
      return { letters: skipped.test(part) ? '' : part, within: false, separates: !/\p{M}/u.test(part) }
    })
    if (known.size < 20_000) known.set(character, parts)
  }
  return parts
}
