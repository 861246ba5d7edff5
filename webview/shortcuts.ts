import { ShortcutHelp } from './shortcutHelp.ts'

/** What the keys of the page do. */
export interface ShortcutActs {
  search(): void
  /** To the next row of the list that has the focus, or of the groups. */
  move(direction: 1 | -1): void
  /** Asks for the review of the same run; nothing is sent by it. */
  again(): void
  nextMatch(direction: 1 | -1): void
  /** Goes back one step. Returns false if there is none. */
  back(): boolean
}

/**
 * The keys of the page. Those without Ctrl or Alt count only outside of fields and menus, and not at all where the user has
 * turned them off.
 */
export class Shortcuts {
  readonly help = new ShortcutHelp()
  readonly #acts: ShortcutActs
  readonly #hasLetters = document.body.dataset.shortcuts !== 'off'

  constructor(acts: ShortcutActs) {
    this.#acts = acts
    document.addEventListener('keydown', (event) => {
      if (this.#take(event)) event.preventDefault()
    })
  }

  /** @returns whether it was a key of the page */
  #take(event: KeyboardEvent): boolean {
    const acts = this.#acts
    if (event.defaultPrevented || this.help.isOpen) return false
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f') acts.search()
    else if (event.key === 'F3') acts.nextMatch(event.shiftKey ? -1 : 1)
    else if (event.key === 'Escape') return acts.back()
    else return this.#hasLetters && this.#takeLetter(event)
    return true
  }

  #takeLetter(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event)) return false
    switch (event.key) {
      case '/':
        this.#acts.search()
        return true
      case 'j':
      case 'k':
        this.#acts.move(event.key === 'j' ? 1 : -1)
        return true
      case 'r':
        if (!event.repeat) this.#acts.again()
        return true
      case '?':
        this.help.open()
        return true
      default:
        return false
    }
  }
}

/** Whether the key goes into a field or a menu. The fields of the toolkit are within their shadow roots. */
function isTyping(event: KeyboardEvent): boolean {
  return event
    .composedPath()
    .some(
      (at) =>
        at instanceof HTMLElement &&
        (at.isContentEditable || at.matches('input, textarea, select, [role="menu"], [role="menuitem"]')),
    )
}
