import { element } from './ui/dom.ts'

/** A link to this address: its text is set by the caller, and is the address. The host opens it, which asks. */
export function webLink(url: string): HTMLElement {
  const link = element('a', { class: 'web-link', role: 'link', tabindex: 0 })
  link.dataset.url = url
  return link
}

/** Opens links in `body` by click and by Enter. */
export function listenForLinks(body: HTMLElement, open: (url: string) => void): void {
  const openFrom = ({ target }: Event): void => {
    const url = target instanceof Element ? target.closest<HTMLElement>('.web-link')?.dataset.url : undefined
    if (url !== undefined) open(url)
  }
  body.addEventListener('click', (event) => {
    // Text of a link can be selected.
    if (document.getSelection()?.isCollapsed !== false) openFrom(event)
  })
  body.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') openFrom(event)
  })
}
