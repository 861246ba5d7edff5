/**
 * Control and format characters beyond those that JSON escapes, by UTF-16 code unit. A terminal may obey them: U+009B begins
 * a control sequence.
 */
const deceptive =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g

/**
 * The same JSON, or a part of it, in characters that a terminal and a person take for what they are. Only strings contain the
 * others, and there their codes mean the same.
 */
export function visibleJson(json: string): string {
  return json.replaceAll(deceptive, (text) =>
    Array.from(
      { length: text.length },
      (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
