import { visibleText } from '../../text/visibleText.ts'

/**
 * For foreign text (commands, facts, names, errors) in quick picks, prompts, messages and the status bar. All of these show
 * `$(name)` as an icon, and some show `[text](https://…)` as a link, so a command would not be shown as it will run.
 * Characters that cannot be seen are shown by their codes.
 */
export function plainText(text: string): string {
  return visibleText(text).replace(icon, '\\$&').replace(link, `]${zeroWidthSpace}(`)
}

/** What VS Code shows as an icon. With a backslash before it, it is shown as text, without the backslash. */
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/g

/** A link cannot be escaped, so it is changed until it is not a link. */
const link = /\]\((?=(?:https?|command|file):)/g

const zeroWidthSpace = '\u200b'
