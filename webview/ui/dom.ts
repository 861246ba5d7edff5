/** The content of an element: other elements, and text, which always stays text. */
export type Child = Node | string | undefined

/**
 * Creates an element. Attributes that are `undefined` or `false` are omitted, `true` is an empty one. There is no way to
 * pass HTML, so output of servers can only become text.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number | boolean | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  setAttributes(made, attributes)
  made.append(...children.filter((child) => child !== undefined))
  return made
}

/** Sets attributes, but only those that differ: each change costs a style calculation. */
export function setAttributes(
  on: Element,
  attributes: Readonly<Record<string, string | number | boolean | undefined>>,
): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = value === undefined || value === false ? null : value === true ? '' : String(value)
    if (on.getAttribute(name) === text) continue
    if (text === null) on.removeAttribute(name)
    else on.setAttribute(name, text)
  }
}

/** Sets the text only if it differs: an unchanged node costs no layout. */
export function setText(on: Element, text: string): void {
  if (on.textContent !== text) on.textContent = text
}

export function show(on: HTMLElement, visible: boolean): void {
  if (on.hidden === visible) on.hidden = !visible
}

/** For screen readers only. */
export function spoken(text: string): HTMLElement {
  return element('span', { class: 'spoken' }, text)
}
