import type { FromPage } from '../src/page/fromPage.ts'
import type { AgentRow, Sighting } from '../src/page/toPage.ts'
import { isVerdict } from '../src/protocol/verdict.ts'
import type { RunModel } from './runModel.ts'
import { silenceLines } from './silenceLines.ts'
import { element, setText, show } from './ui/dom.ts'
import { button } from './ui/toolkit.ts'
import { t } from './words.ts'

/** How often what is known of an agent is asked for while it stays silent, milliseconds. */
const lookUpEveryMs = 5_000

/** Of an agent that has not replied, or no longer does: when it was last heard, how often it was asked, and what to do. */
export class SilenceNote {
  readonly element: HTMLElement
  readonly #model: RunModel
  readonly #ask: (request: FromPage) => void
  readonly #lines = element('ul', { class: 'silence-lines' })
  #agent: AgentRow | undefined
  #sighting: Sighting | undefined
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(model: RunModel, ask: (request: FromPage) => void) {
    this.#model = model
    this.#ask = ask
    const ping = button({
      label: t('Ping…'),
      icon: 'running',
      hint: t('Ask this agent for a sign of life'),
      onPress: () => this.#agent && ask({ type: 'ping', agent: this.#agent.id }),
    })
    const doctor = button({ label: t('Doctor'), icon: 'doctor', onPress: () => ask({ type: 'doctor' }) })
    this.element = element(
      'div',
      { class: 'silence', role: 'group', 'aria-label': t('Why there is no reply'), hidden: true },
      this.#lines,
      element('span', { class: 'silence-actions' }, ping, doctor),
    )
  }

  /** @param agent the one that is open; undefined when none is */
  render(agent: AgentRow | undefined): void {
    const isSilent = agent !== undefined && silentStates.includes(agent.state)
    show(this.element, isSilent)
    if (agent?.id !== this.#agent?.id) {
      this.#sighting = undefined
      this.#askedAt = Number.NEGATIVE_INFINITY
    }
    this.#agent = isSilent ? agent : undefined
    this.tick()
  }

  /** Updates the times, and looks the agent up again. */
  tick(): void {
    const agent = this.#agent
    if (agent === undefined) return
    const now = this.#model.now()
    const isWaiting = !isVerdict(agent.state)
    const isDue =
      this.#askedAt === Number.NEGATIVE_INFINITY || (isWaiting && now - this.#askedAt >= lookUpEveryMs)
    if (isDue) {
      this.#askedAt = now
      this.#ask({ type: 'look-up', agent: agent.id })
    }
    const lines = silenceLines(agent, this.#sighting, { now, isAway: this.#model.run?.trouble !== undefined })
    while (this.#lines.children.length > lines.length) this.#lines.lastElementChild?.remove()
    lines.forEach((line, index) => {
      const known = this.#lines.children[index]
      if (known === undefined) this.#lines.append(element('li', {}, line))
      else setText(known, line)
    })
  }

  take(sighting: Sighting): void {
    if (sighting.agent !== this.#agent?.id) return
    this.#sighting = sighting
    this.tick()
  }
}

const silentStates: readonly AgentRow['state'][] = ['expected', 'no-reply', 'lost']
