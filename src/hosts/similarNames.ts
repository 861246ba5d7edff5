import { hostnameCharacters } from '../text/shownHostname.ts'

/** `doubled`: another agent has the same host name. `look-alike`: another has one that a person takes for this one. */
export type NameProblem = 'doubled' | 'look-alike'

/**
 * Which of the host names of several agents a person cannot tell apart: equal ones, those that differ in capital letters
 * only, and those that look alike, such as `web-01` with a Cyrillic letter, with invisible ones, or with `O` for `0`.
 * @param names host names as `shownHostname` returns them, one for each agent
 * @returns the problem of each, in the same order
 */
export function nameProblems(names: readonly string[]): (NameProblem | undefined)[] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const similar = new Set<string>()
  for (const key of [lowerCase, skeleton]) {
    const first = new Map<string, string>()
    for (const name of counts.keys()) {
      const folded = key(name)
      const other = first.get(folded)
      if (other === undefined) first.set(folded, name)
      else similar.add(other).add(name)
    }
  }
  return names.map((name) => {
    if ((counts.get(name) ?? 0) > 1) return 'doubled'
    return similar.has(name) ? 'look-alike' : undefined
  })
}

function lowerCase(name: string): string {
  return name.toLowerCase()
}

/** Equal for names that look alike. */
function skeleton(name: string): string {
  const letters = name.includes('<') ? latin(hostnameCharacters(name)) : name
  return letters.replace(/[I1|]/g, 'l').replace(/[O0]/g, 'o').toLowerCase()
}

/** With the Latin letters that others look like, and without what cannot be seen. */
function latin(name: string): string {
  const visible = name
    .normalize('NFKD')
    .replace(/[\p{M}\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu, '')
  return visible.replace(/[^ -~]/gu, (letter) => lookAlikes.get(letter) ?? letter)
}

/** Letters and signs that look like Latin ones in usual fonts: Cyrillic, Greek, Armenian, Latin of other alphabets, dashes. */
const lookAlikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'аαɑ',
    b: 'ЬьƄ',
    c: 'сϲᴄ',
    d: 'ԁɗ',
    e: 'еєҽε',
    f: 'ſƒϝ',
    g: 'ɡցɢ',
    h: 'һհ',
    i: 'іιıɩ',
    j: 'јϳ',
    k: 'кκᴋ',
    l: 'ӏΙІӀǀ∣ɭ',
    m: 'мᴍ',
    n: 'пոɴη',
    o: 'оοσօᴏסه०',
    p: 'рρϱ',
    q: 'ԛգ',
    r: 'гᴦɾ',
    s: 'ѕꜱ',
    t: 'тτᴛ',
    u: 'υսᴜ',
    v: 'νѵᴠ',
    w: 'ѡωɯᴡԝ',
    x: 'хχ×',
    y: 'уγүʏ',
    z: 'ᴢʐ',
    A: 'АΑ',
    B: 'ВΒ',
    C: 'СϹ',
    E: 'ЕΕ',
    H: 'НΗ',
    J: 'ЈЈ',
    K: 'КΚ',
    M: 'МΜ',
    N: 'Ν',
    O: 'ОΟՕ',
    P: 'РΡ',
    S: 'ЅՏ',
    T: 'ТΤ',
    U: 'Ս',
    X: 'ХΧ',
    Y: 'УΥҮ',
    Z: 'Ζ',
    '-': '‐‑‒–—―−﹣－ー',
    '.': '․·•。',
    _: 'ˍ＿',
    '3': 'ЗзӠ',
    '6': 'б',
    '4': 'Ч',
  }).flatMap(([latinLetter, others]) => [...others].map((other) => [other, latinLetter] as const)),
)
