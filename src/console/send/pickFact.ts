import * as vscode from 'vscode'
import { byNature } from '../../hosts/naturalOrder.ts'
import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { FactSampler } from '../targets/factSample.ts'
import { plainText } from '../text/plainText.ts'

/** Facts with more values than this make too many groups; they are offered last. */
const manyGroups = 50

/**
 * Asks for one of the facts of these agents; those that make useful groups come first.
 * @param none a first item that stands for no fact
 * @returns the dotted path, empty for no fact; undefined when the user cancelled
 */
export async function pickFact(
  all: readonly KnownAgent[],
  title: string,
  none?: string,
): Promise<string | undefined> {
  const { agents, paths } = new FactSampler(Date.now).sampleOf(all).index
  const known = [...paths.values()]
    .filter(({ text }) => !text.includes('*'))
    .map(({ text, agents: having, values }) => ({ text, having, groups: values.size }))
    .sort((a, b) => rank(a, agents) - rank(b, agents) || byNature(a.text, b.text))
  const items = [
    ...(none === undefined ? [] : [{ label: `$(list-flat) ${none}`, description: '', fact: '' }]),
    ...known.map(({ text, having, groups }) => ({
      label: plainText(text),
      description:
        groups === 1
          ? vscode.l10n.t('1 value, {0} of {1} agents', having, agents)
          : vscode.l10n.t('{0} values, {1} of {2} agents', groups, having, agents),
      fact: text,
    })),
  ]
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder:
      known.length === 0 ? vscode.l10n.t('No agent has published facts yet') : vscode.l10n.t('Fact'),
  })
  return picked?.fact
}

/** 0 for facts that most agents have and that split them into a few groups. */
function rank({ having, groups }: { having: number; groups: number }, agents: number): number {
  if (groups < 2) return 2
  if (groups > manyGroups || groups === agents) return 3
  return having * 2 >= agents ? 0 : 1
}
