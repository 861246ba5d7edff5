import type { ActionHeader } from '../src/page/runHeader.ts'
import { formatCount } from './format.ts'
import { visibleNodes } from './lineSpans.ts'
import { element, setAttributes, show } from './ui/dom.ts'
import { t } from './words.ts'

/** What was run: in one line, which unfolds to all of it. */
export class HeadCommand {
  readonly element = element('h1', { class: 'head-command' })
  readonly #prompt = element('span', { class: 'prompt', 'aria-hidden': 'true' })
  readonly #text = element('code', {})
  readonly #unfold = element('button', { class: 'more', type: 'button' })
  #action: ActionHeader | undefined
  #isUnfolded = false
  /** There are more lines than the first one. */
  #hasMore = false

  constructor() {
    this.element.append(this.#prompt, this.#text, this.#unfold)
    this.#unfold.addEventListener('click', () => {
      this.#isUnfolded = !this.#isUnfolded
      this.#render()
    })
    new ResizeObserver(() => this.#showUnfold()).observe(this.#text)
  }

  show(action: ActionHeader): void {
    if (JSON.stringify(action) === JSON.stringify(this.#action)) return
    this.#action = action
    this.#render()
  }

  #render(): void {
    if (this.#action === undefined) return
    const { kind, text, script } = this.#action
    const [first = '', ...more] = text.split('\n')
    const whole = script === undefined ? text : `${text}\n\n${script.trimEnd()}`
    this.#prompt.textContent = prompts[kind]
    this.#text.replaceChildren(...(this.#isUnfolded ? linesOf(whole) : visibleNodes(first)))
    this.element.classList.toggle('unfolded', this.#isUnfolded)
    setAttributes(this.#unfold, { 'aria-expanded': this.#isUnfolded ? 'true' : 'false' })
    this.#unfold.textContent = this.#isUnfolded ? t('Show less') : foldedWords(more.length, script)
    this.#hasMore = whole !== first
    this.#showUnfold()
  }

  /** Only where the line is not all of it. */
  #showUnfold(): void {
    const isCut = this.#text.scrollWidth > this.#text.clientWidth
    show(this.#unfold, this.#isUnfolded || this.#hasMore || isCut)
  }
}

/** A line end is one here, and would be shown as a code within a line. */
function linesOf(text: string): Node[] {
  return text
    .split('\n')
    .flatMap((line, at) => [...(at === 0 ? [] : [document.createTextNode('\n')]), ...visibleNodes(line)])
}

function foldedWords(moreLines: number, script: string | undefined): string {
  if (script !== undefined) return t('Show the script')
  if (moreLines === 0) return t('Show all')
  return moreLines === 1 ? t('Show 1 more line') : t('Show {0} more lines', formatCount(moreLines))
}

const prompts: Record<ActionHeader['kind'], string> = {
  shell: '$',
  script: '#!',
  ping: '›',
  facts: '›',
}
