import { element, setAttributes, show } from './ui/dom.ts'
import { t } from './words.ts'

/** From this width, the reply is shown beside the lists; on narrower pages, below them. Pixels. */
const besideFromPx = 880
const usualPercent = 42
const leastPercent = 20
const mostPercent = 80

/** The lists and, if one is open, a reply, with a sash between them. */
export class Splitter {
  readonly element: HTMLElement
  readonly #first: HTMLElement
  readonly #sash: HTMLElement
  readonly #onChange: () => void
  #percent = usualPercent
  #beside = true

  constructor(first: HTMLElement, second: HTMLElement, onChange: () => void) {
    this.#first = first
    this.#onChange = onChange
    this.#sash = element('div', {
      class: 'sash',
      role: 'separator',
      tabindex: 0,
      'aria-label': t('Size of the lists'),
      hidden: true,
    })
    this.element = element('main', { class: 'split beside' }, first, this.#sash, second)
    this.#sash.addEventListener('keydown', (event) => {
      const less = this.#beside ? 'ArrowLeft' : 'ArrowUp'
      const more = this.#beside ? 'ArrowRight' : 'ArrowDown'
      if (event.key !== less && event.key !== more) return
      event.preventDefault()
      this.set(this.#percent + (event.key === more ? 3 : -3))
    })
    this.#sash.addEventListener('pointerdown', (event) => this.#drag(event))
    this.#sash.addEventListener('dblclick', () => this.set(usualPercent))
    new ResizeObserver(() => this.#fit()).observe(this.element)
  }

  get percent(): number {
    return this.#percent
  }

  set(percent: number): void {
    this.#percent = Math.max(leastPercent, Math.min(mostPercent, percent))
    this.#apply()
    this.#onChange()
  }

  /** Whether there is a second part. */
  split(isSplit: boolean): void {
    show(this.#sash, isSplit)
    this.element.classList.toggle('is-split', isSplit)
    this.#apply()
  }

  #fit(): void {
    this.#beside = this.element.clientWidth >= besideFromPx
    this.element.classList.toggle('beside', this.#beside)
    this.#apply()
    this.#onChange()
  }

  #apply(): void {
    this.#first.style.flexBasis = this.#sash.hidden ? '100%' : `${this.#percent}%`
    setAttributes(this.#sash, {
      'aria-orientation': this.#beside ? 'vertical' : 'horizontal',
      'aria-valuenow': Math.round(this.#percent),
      'aria-valuemin': leastPercent,
      'aria-valuemax': mostPercent,
    })
  }

  #drag(down: PointerEvent): void {
    if (down.button !== 0) return
    down.preventDefault()
    this.#sash.setPointerCapture(down.pointerId)
    this.#sash.classList.add('dragged')
    const move = (event: PointerEvent) => {
      const box = this.element.getBoundingClientRect()
      const share = this.#beside
        ? (event.clientX - box.left) / box.width
        : (event.clientY - box.top) / box.height
      this.set(share * 100)
    }
    const up = () => {
      this.#sash.classList.remove('dragged')
      this.#sash.removeEventListener('pointermove', move)
    }
    this.#sash.addEventListener('pointermove', move)
    this.#sash.addEventListener('lostpointercapture', up, { once: true })
  }
}
