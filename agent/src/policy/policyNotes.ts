import { whyGuarded } from './guardedVariables.ts'
import type { Policy, Rule } from './policy.ts'
import { isBound } from './ruleDemands.ts'

/** Parts of a rule that, left out beside `commands.allow` or `scripts`, allowed everything in earlier versions. */
const narrowed: ReadonlyArray<{
  readonly field: string
  readonly means: string
  isLeftOut(rule: Rule): boolean
}> = [
  { field: 'users', means: 'only the agent’s own user', isLeftOut: ({ users }) => users === undefined },
  {
    field: 'directories',
    means: 'only the default directory',
    isLeftOut: ({ directories }) => directories === undefined,
  },
  {
    field: 'arguments',
    means: 'scripts without arguments only',
    isLeftOut: ({ scripts, argumentLists }) => scripts !== undefined && argumentLists === undefined,
  },
]

/** What somebody who wrote a policy may not expect of it: sentences. */
export function policyNotes({ rules }: Policy): string[] {
  const executing = rules.filter(
    ({ actions }) => actions === undefined || actions.has('shell') || actions.has('script'),
  )
  return [
    ...narrowed.flatMap(({ field, means, isLeftOut }) => {
      const names = executing.filter((rule) => isBound(rule) && isLeftOut(rule)).map(({ name }) => name)
      if (names.length === 0) return []
      return `Policy, ${names.join(', ')}: ${means}, because the rule has no "${field}" beside its commands or scripts. Earlier versions allowed any.`
    }),
    ...executing.flatMap(guardNote),
    ...executing.flatMap(({ name, directories = [] }) =>
      directories
        .filter(({ text }) => !/^[/*?]/.test(text) || text.split('/').includes('..'))
        .map(
          ({ text }) =>
            `Policy, ${name}: the directory ${text} never matches. Write an absolute path without "..".`,
        ),
    ),
  ]
}

function guardNote({ name, environment = [] }: Rule): string[] {
  const wide = environment
    .map(({ text }) => text)
    .filter((text) => /[*?]/.test(text) && (/^[*?]+$/.test(text) || whyGuarded(text, '') !== undefined))
  if (wide.length === 0) return []
  return [
    `Policy, ${name}: ${wide.join(', ')} under "environment" does not let variables such as PATH, HOME, LD_PRELOAD or PYTHONPATH pass. Earlier versions did. Add the exact names of those that are needed.`,
  ]
}
