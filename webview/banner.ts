import type { FromPage } from '../src/page/fromPage.ts'
import type { RunHeader } from '../src/page/runHeader.ts'
import { formatAgents, formatClock, formatCount } from './format.ts'
import { visibleNodes } from './lineSpans.ts'
import type { RunModel } from './runModel.ts'
import { wholeSeconds } from './runTimes.ts'
import { element, setText, show } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** What keeps the run from going on as expected: SQS is away, agents are asked to stop, output was cut. */
export class Banner {
  readonly element = element('div', { class: 'banners' })
  readonly #model: RunModel
  readonly #away: HTMLElement
  readonly #awayTitle = element('strong', {})
  readonly #awayText = element('span', { class: 'banner-text' })
  readonly #cancelling = banner('running')
  readonly #cut = banner('unexpected')
  #shown: RunHeader | undefined

  constructor(model: RunModel, ask: (request: FromPage) => void) {
    this.#model = model
    this.#away = element(
      'div',
      { class: 'banner banner-warning', role: 'status', 'data-state': 'lost', hidden: true },
      icon('unexpected'),
      element('span', { class: 'banner-body' }, this.#awayTitle, ' ', this.#awayText),
      element(
        'span',
        { class: 'banner-actions' },
        button({ label: t('Doctor'), icon: 'doctor', onPress: () => ask({ type: 'doctor' }) }),
        button({ label: t('Show log'), icon: 'document', onPress: () => ask({ type: 'show-log' }) }),
      ),
    )
    this.element.append(this.#away, this.#cancelling.element, this.#cut.element)
  }

  render(): void {
    const { run } = this.#model
    if (run === undefined) return
    if (run !== this.#shown) {
      show(this.#away, run.trouble !== undefined)
      if (run.trouble !== undefined) this.#awayText.replaceChildren(...visibleNodes(awayText(run.trouble)))
      this.#cancelling.tell(cancelWords(run))
      this.#cut.tell(cutWords(run))
    }
    this.#shown = run
    this.tick()
  }

  /** Updates for how long SQS has been away. */
  tick(): void {
    const { trouble } = this.#model.run ?? {}
    if (trouble === undefined) return
    const since = formatClock(trouble.since)
    const forMs = wholeSeconds(Math.max(0, this.#model.now() - trouble.since))
    setText(
      this.#awayTitle,
      trouble.waitsUntil === undefined
        ? t('Replies cannot be received since {0} ({1}).', since, forMs)
        : t('SQS has been away since {0} ({1}).', since, forMs),
    )
  }
}

function banner(name: 'running' | 'unexpected') {
  const text = element('span', { class: 'banner-body' })
  const made = element(
    'div',
    { class: 'banner', role: 'status', 'data-state': name === 'running' ? 'running' : 'lost', hidden: true },
    icon(name),
    text,
  )
  return {
    element: made,
    tell(words: string | undefined): void {
      show(made, words !== undefined)
      setText(text, words ?? '')
    },
  }
}

type Trouble = NonNullable<RunHeader['trouble']>

function awayText({ why, waitsUntil }: Trouble): string {
  const goesOn = t(
    'Commands that agents have received go on there and end at their time limits; their replies wait in the queue.',
  )
  const verdicts =
    waitsUntil === undefined
      ? t('Agents that stay silent are given up in time, and that is called uncertain.')
      : t(
          'The connection is tried again by itself. No agent is given up before {0}; after that, an agent with no reply is called uncertain.',
          formatClock(waitsUntil),
        )
  return `${goesOn} ${verdicts} ${why}`
}

function cancelWords({ cancelling, trouble }: RunHeader): string | undefined {
  if (cancelling === undefined) return undefined
  const words = t(
    'Asking agents to stop: {0} confirmed, {1} still to confirm.',
    formatCount(cancelling.confirmed),
    formatCount(cancelling.toConfirm),
  )
  return trouble === undefined ? words : `${words} ${t('They are asked again when SQS is back.')}`
}

function cutWords({ cutAgents }: RunHeader): string | undefined {
  return cutAgents === undefined
    ? undefined
    : t('This run has more output than is kept of a run: that of {0} was cut.', formatAgents(cutAgents))
}
