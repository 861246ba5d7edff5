/**
 * Text of a server as it may be written to a person's terminal: colours stay, whatever moves the cursor, changes the title,
 * asks the terminal something or hides text goes.
 */
export function printable(text: string, colours: boolean): string {
  const kept = text.replace(controlSequence, (sequence) =>
    colours && colourSequence.test(sequence) ? sequence : '',
  )
  return kept
    .replace(/\r\n/g, '\n')
    .replace(/[^\n]*\r(?=[^\n])/g, '')
    .replace(forbidden, '')
}

const controlSequence =
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])/g
const colourSequence = /^\x1b\[[0-9;:]*m$/
/** Controls but tab, newline and the ESC of a colour; and characters that turn the reading direction. */
const forbidden = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\x1b(?!\[[0-9;:]*m)/g
