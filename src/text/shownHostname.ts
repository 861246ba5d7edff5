import { codePointName } from './visibleText.ts'

const plain = /^[A-Za-z0-9._-]*$/
const strange = /[^A-Za-z0-9._-]/gu
const shownCode = /<U\+([0-9A-F]{4,6})>/g

/**
 * A host name as people see it: every character but `A-Z a-z 0-9 . _ -` stands as its code, as in `w<U+0435>b-01`, since it
 * may look like one of these, or like nothing. Different names stay different.
 */
export function shownHostname(name: string): string {
  return plain.test(name) ? name : name.replace(strange, (character) => `<${codePointName(character)}>`)
}

/** The characters that {@link shownHostname} shows as their codes. */
export function hostnameCharacters(shown: string): string {
  return shown.replace(shownCode, (code, hex: string) => {
    const point = Number.parseInt(hex, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : code
  })
}
