/**
 * For text of others (commands, facts, names, errors) in quick picks, prompts, messages and the status bar, all of which
 * draw `$(name)` as an icon, and some `[text](https://…)` as a link: a command would not be shown as it will run.
 */
export function plainText(text: string): string {
  return text.replace(icon, '\\$&').replace(link, `]${zeroWidthSpace}(`)
}

/** What VS Code takes for an icon; a backslash before it keeps it as it stands, and is not shown. */
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/g

/** Nothing keeps VS Code from seeing a link, but one that is none. */
const link = /\]\((?=(?:https?|command|file):)/g

const zeroWidthSpace = '\u200b'
