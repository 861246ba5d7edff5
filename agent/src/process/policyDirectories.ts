import { holdDirectory } from '../execution/directory.ts'
import { lookUpUser, ownUser } from '../execution/users.ts'
import type { Policy, Rule } from '../policy/policy.ts'
import { isBound } from '../policy/ruleDemands.ts'

/**
 * What the directories of a policy really are on this server, where that is not what they seem: sentences. Links of a path count
 * when something is executed, so that a rule that names a link only allows nothing.
 */
export async function policyDirectoryNotes({ rules }: Policy): Promise<string[]> {
  const notes: string[] = []
  for (const rule of rules) {
    const trusted = await usersOf(rule)
    for (const { text } of rule.directories ?? []) {
      const note = text.startsWith('/') ? await noteOn(rule, text, trusted) : undefined
      if (note !== undefined) notes.push(`Policy, ${rule.name}: ${note}`)
    }
  }
  return notes
}

async function noteOn(rule: Rule, text: string, trusted: readonly number[]): Promise<string | undefined> {
  // Of a pattern, the folder that all of its directories are in.
  const isPattern = /[*?]/.test(text)
  const fixed = isPattern ? text.slice(0, text.search(/[*?]/)).replace(/[^/]*$/, '') : text
  let real: string
  let isOthers: boolean
  try {
    const held = await holdDirectory(fixed, trusted)
    await held.release()
    real = held.path
    isOthers = held.isOthers
  } catch {
    // It may come later, and be of another server: one policy serves many.
    return undefined
  }
  const written = fixed === '/' ? fixed : fixed.replace(/\/$/, '')
  if (real !== written) {
    const other = `${real === '/' ? '' : real}${text.slice(written.length)}`
    return `${written} is a link to ${real}, and only real paths count. Write ${JSON.stringify(other)} under "directories", too.`
  }
  if (!isBound(rule) || isPattern || !isOthers) return undefined
  return `users other than ${rule.users === undefined ? 'root' : 'root and those of the rule'} can change ${text}, and so what its commands do there.`
}

/** Ids of the users whose own directories need no note: root, and those who execute. */
async function usersOf({ users }: Rule): Promise<number[]> {
  if (users === undefined) return [0, ownUser().uid]
  const found = await Promise.all([...users].map((name) => lookUpUser(name, async () => '')))
  return [0, ...found.flatMap((user) => (user === undefined ? [] : [user.uid]))]
}
