/** What one word of YAML can stand for. */
export type Scalar = string | number | boolean | null

/**
 * What text without quotes stands for in YAML 1.1 as Ruby's Psych and PyYAML write it: both put quotes around text that
 * they would read as something else, so what has none is what they read it as. Differently from both, a time stays text,
 * and so does a number that would lose something of what is written: a leading zero (`0755`, a postcode) or digits beyond
 * JavaScript's 53 bits.
 */
export function readPlain(text: string): Scalar {
  if (/^(?:~|null|Null|NULL)?$/.test(text)) return null
  if (/^(?:yes|true|on)$/i.test(text)) return true
  if (/^(?:no|false|off)$/i.test(text)) return false
  if (/^[-+]?[0-9.]/.test(text)) return readNumber(text)
  return withoutColon(text)
}

/** What a tag makes of a scalar: `!!str 1` is text, `!binary` is what its base64 stands for. Unknown tags leave text. */
export function readTagged(tag: string, text: string): Scalar {
  if (tag === 'binary') return readBinary(text)
  if (/(?:^|\/)(?:null|none)$/i.test(tag)) return null
  if (/(?:^|\/)(?:int|long|float|bool)$/i.test(tag)) return readPlain(text)
  return /(?:^|[/:])sym(?:bol)?$/.test(tag) ? withoutColon(text) : text
}

/** `!!str`, `!binary`, `!<tag:ruby.yaml.org,2002:sym>`, `!ruby/sym` as `str`, `binary`, `sym`, `ruby/sym`. */
export function nameOfTag(written: string): string {
  return written.replace(/^!<(.*)>$/, '$1').replace(/^!+|^tag:[^:]*:/g, '')
}

/** The text of a map's key. Keys are words, whatever they would be as values: `yes: 1` is the fact `yes`. */
export function readKey(text: string): string {
  return withoutColon(text)
}

function readNumber(text: string): Scalar {
  if (/^[-+]?0[0-9_]/.test(text)) return text
  if (/^[-+]?(?:0|[1-9][0-9_]*)$/.test(text)) return exactly(text, Number(text.replaceAll('_', '')))
  if (/^[-+]?0x[0-9a-f_]+$/i.test(text)) return exactly(text, hexOf(text))
  if (/^[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:e[-+][0-9]+)?$/i.test(text) && /[0-9]/.test(text)) {
    const number = Number(text.replaceAll('_', ''))
    return Number.isFinite(number) ? number : text
  }
  if (/^\+?\.inf$/i.test(text)) return 'Infinity'
  if (/^-\.inf$/i.test(text)) return '-Infinity'
  return /^\.nan$/i.test(text) ? 'NaN' : text
}

function hexOf(text: string): number {
  const digits = Number(text.replaceAll('_', '').replace(/^[-+]/, ''))
  return text.startsWith('-') ? -digits : digits
}

function exactly(text: string, number: number): number | string {
  // Minus zero would be written as zero.
  return Number.isSafeInteger(number) ? number + 0 : text
}

/** Ruby writes a symbol with a colon in front; `::1` and `:8080` are not symbols. */
function withoutColon(text: string): string {
  return /^:[A-Za-z_][A-Za-z0-9_]*[?!=]?$/.test(text) ? text.slice(1) : text
}

/** Ruby writes text in encodings that it does not know as binary: what is readable is text, anything else stays base64. */
function readBinary(text: string): string {
  const base64 = text.replace(/\s/g, '')
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'))
    return /[^\P{Cc}\n\r\t]/u.test(decoded) ? base64 : decoded
  } catch {
    return base64
  }
}
