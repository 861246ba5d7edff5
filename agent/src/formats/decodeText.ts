/** Text, and what a person should know of how it came about. */
export interface DecodedText {
  readonly text: string
  readonly warning?: string
}

/**
 * The text of a file, in whatever encoding editors and scripts write: UTF-8 with or without byte order mark, UTF-16 with
 * one, else Latin-1 as Windows writes it, in which nearly any bytes are text.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    return { text: Buffer.from(bytes.subarray(2)).toString('utf16le') }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    // A half character at the end is none.
    const pairs = Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
    return { text: pairs.swap16().toString('utf16le') }
  }
  try {
    // Leaves out a byte order mark.
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { text: fromLatin1(bytes), warning: 'not UTF-8, and read as Latin-1' }
  }
}

/** What Windows has in Latin-1 where there are control characters: bytes 0x80 to 0x9F. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

function fromLatin1(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1')
  return text.replace(/[\x80-\x9f]/g, (control) => windows1252[control.charCodeAt(0) - 0x80] as string)
}

/** Without the byte order mark that Windows editors and PowerShell put in front. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
