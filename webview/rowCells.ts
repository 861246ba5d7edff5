import type { AgentRow } from '../src/page/toPage.ts'
import type { AgentState } from '../src/protocol/verdict.ts'
import { element } from './ui/dom.ts'
import { icon } from './ui/icons.ts'
import { verdictWords } from './verdictWords.ts'
import { t } from './words.ts'

/** Icon, word and colour of a state, always all three. */
export function stateCell(tag: 'div' | 'span' = 'span') {
  const word = element('span', { class: 'state-word' })
  const made = element(tag, { class: 'state' }, word)
  let shown: AgentState | undefined
  return {
    element: made,
    render(state: AgentState): void {
      if (state === shown) return
      shown = state
      made.dataset.state = state
      word.textContent = verdictWords[state]
      made.replaceChildren(icon(state), word)
    },
  }
}

/** `137`, `SIGKILL`; empty without an exit, and for a success, which says that it is 0. */
export function exitText({
  state,
  exitCode,
  signal,
}: Pick<AgentRow, 'state' | 'exitCode' | 'signal'>): string {
  return signal ?? (exitCode === undefined || state === 'succeeded' ? '' : String(exitCode))
}

/** `late`, `joined` and the like: what is unusual about a reply, even if its verdict is good. */
export function oddities({ late, joined, conflicting, nameProblem, output }: AgentRow): string[] {
  return [
    ...(late ? [t('late')] : []),
    ...(joined ? [t('joined')] : []),
    ...(conflicting ? [t('conflicting identity')] : []),
    ...(nameProblem === 'doubled' ? [t('host name used twice')] : []),
    ...(nameProblem === 'look-alike' ? [t('host name looks like another')] : []),
    ...(output === 'incomplete' ? [t('incomplete')] : []),
  ]
}
