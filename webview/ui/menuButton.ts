import { element } from './dom.ts'
import { type IconName, icon } from './icons.ts'
import { button } from './toolkit.ts'

export interface MenuItem {
  readonly label: string
  /** Shown at the right, less prominent. */
  readonly detail?: string
  readonly enabled?: boolean
  onPick(): void
}

export interface MenuButtonOptions {
  readonly label: string
  readonly icon: IconName
  readonly kind?: 'primary' | 'secondary' | 'icon'
  readonly isNamed?: boolean
  /** Called each time it opens. Groups are separated by a line. */
  items(): readonly (readonly MenuItem[])[]
}

/** A button with a menu: ↓ or Enter opens it, arrows, Home, End and first letters move, Esc closes. */
export function menuButton({
  label,
  icon: name,
  kind = 'secondary',
  isNamed = false,
  items,
}: MenuButtonOptions): HTMLElement {
  let menu: HTMLElement | undefined
  const opener = button({
    label,
    icon: name,
    kind,
    isNamed,
    onPress: () => (menu === undefined ? open() : close()),
  })
  opener.setAttribute('aria-haspopup', 'menu')
  opener.setAttribute('aria-expanded', 'false')
  if (kind !== 'icon') {
    const end = icon('down')
    end.setAttribute('slot', 'end')
    opener.append(end)
  }
  const holder = element('div', { class: 'menu-button' }, opener)
  opener.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' || menu !== undefined) return
    event.preventDefault()
    open()
  })
  return holder

  function open(): void {
    menu = element('div', { class: 'menu', role: 'menu', 'aria-label': label })
    items().forEach((group, index) => {
      if (index > 0 && group.length > 0)
        menu?.append(element('div', { class: 'menu-line', role: 'separator' }))
      for (const item of group) menu?.append(entry(item))
    })
    menu.addEventListener('keydown', onKey)
    holder.append(menu)
    opener.setAttribute('aria-expanded', 'true')
    // At the edge of the window it opens to the other side.
    if (menu.getBoundingClientRect().left < 4) menu.classList.add('to-the-right')
    document.addEventListener('pointerdown', onOutside, true)
    holder.addEventListener('focusout', onFocusOut)
    entries()[0]?.focus()
  }

  function close(): void {
    menu?.remove()
    menu = undefined
    opener.setAttribute('aria-expanded', 'false')
    document.removeEventListener('pointerdown', onOutside, true)
    holder.removeEventListener('focusout', onFocusOut)
  }

  function entry({ label: text, detail, enabled = true, onPick }: MenuItem): HTMLElement {
    const made = element(
      'div',
      { class: 'menu-item', role: 'menuitem', tabindex: -1, 'aria-disabled': !enabled && 'true' },
      element('span', {}, text),
      detail === undefined ? undefined : element('span', { class: 'menu-detail' }, detail),
    )
    made.addEventListener('click', () => {
      if (!enabled) return
      close()
      opener.focus()
      onPick()
    })
    made.addEventListener('pointermove', () => made.focus())
    return made
  }

  function entries(): HTMLElement[] {
    return [...(menu?.querySelectorAll<HTMLElement>('.menu-item:not([aria-disabled])') ?? [])]
  }

  function onKey(event: KeyboardEvent): void {
    const all = entries()
    const at = all.indexOf(document.activeElement as HTMLElement)
    const byLetter = () =>
      [...all.slice(at + 1), ...all.slice(0, at + 1)].find(({ textContent }) =>
        textContent?.toLowerCase().startsWith(event.key.toLowerCase()),
      )
    const moves: Record<string, () => HTMLElement | undefined> = {
      ArrowDown: () => all[(at + 1) % all.length],
      ArrowUp: () => all[(at - 1 + all.length) % all.length],
      Home: () => all[0],
      End: () => all.at(-1),
    }
    if (event.key === 'Escape') {
      close()
      opener.focus()
    } else if (event.key === 'Enter' || event.key === ' ') (document.activeElement as HTMLElement).click()
    else if (event.key === 'Tab') {
      close()
      return
    } else (moves[event.key] ?? (event.key.length === 1 ? byLetter : () => undefined))()?.focus()
    event.preventDefault()
    event.stopPropagation()
  }

  function onOutside(event: Event): void {
    if (!holder.contains(event.target as Node)) close()
  }

  function onFocusOut(event: FocusEvent): void {
    if (event.relatedTarget !== null && !holder.contains(event.relatedTarget as Node)) close()
  }
}
