import type { Attack } from '../attack.ts'

const agentOffers = 'unit/console/targets/agentOffers'
const runFlow = 'unit/console/send/runFlow'
const filterSets = 'unit/declarations/filterSets'

/** On what people type and paste to choose agents, and what is kept of it. */
export const targetAttacks: readonly Attack[] = [
  {
    name: 'a list that grows',
    attack: 'A list of host names is pasted, and a server of such a name, or of any, appears before the run.',
    promise: 'A list reaches exactly the agents that it chose, and by wildcards alone it chooses none.',
    tests: [
      `${agentOffers} › chooses exactly its agents by their ids, in whatever form it came`,
      `${agentOffers} › may have patterns, but none for every agent`,
    ],
    defences: [
      {
        what: 'the ids of the agents of a list',
        changes: [
          {
            file: 'src/console/targets/agentOffers.ts',
            code: '      targets: agents.map(({ agentId }) => agentId),\n',
            instead: '',
          },
        ],
        test: `${agentOffers} › chooses exactly its agents by their ids, in whatever form it came`,
        failure: /^AssertionError/,
      },
      {
        what: 'the refusal of wildcards alone',
        changes: [
          {
            file: 'src/console/targets/namedTargets.ts',
            code: ' && !isOnlyWildcards(name)',
            instead: '',
          },
        ],
        test: `${agentOffers} › may have patterns, but none for every agent`,
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'an agent with the name of another',
    attack:
      'An agent calls itself by the id or the host name of another, to be chosen in its place or with it.',
    promise: 'An id is that of one agent, and a name of several agents chooses none of them.',
    tests: [
      `${agentOffers} › is the id of one agent, also where another one calls itself so`,
      `${agentOffers} › chooses none of several agents of the same name`,
    ],
    defences: [
      {
        what: 'the id before the names',
        changes: [
          {
            file: 'src/console/targets/agentNames.ts',
            code: 'enter(0, agentId, agent)',
            instead: 'enter(1, agentId, agent)',
          },
        ],
        test: `${agentOffers} › is the id of one agent, also where another one calls itself so`,
        failure: /^AssertionError/,
      },
      {
        what: 'the refusal of a name that several have',
        changes: [
          {
            file: 'src/console/targets/namedTargets.ts',
            code: '!isPattern && found.length > 1',
            instead: '!isPattern && found.length > 99',
          },
        ],
        test: `${agentOffers} › chooses none of several agents of the same name`,
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a draft of another day',
    attack:
      'A box is closed with every agent chosen, or with a secret typed, and opened again on another day.',
    promise: 'Every agent has to be chosen anew, and secrets are not kept.',
    tests: [
      `${runFlow} › never have every agent filled in`,
      `${runFlow} › are never kept where they are secret, also if they were not before`,
    ],
    defences: [
      {
        what: 'the empty text in place of *',
        changes: [
          {
            file: 'src/console/send/runFlow.ts',
            code: "return parsed.kind === 'everyone' ? '' : text",
            instead: "return parsed.kind === 'everyone' ? text : text",
          },
        ],
        test: `${runFlow} › never have every agent filled in`,
        failure: /^AssertionError/,
      },
      {
        what: 'the look at whether an input is secret',
        changes: [
          {
            file: 'src/console/send/askInputs.ts',
            code: '        if (isSecret) return\n',
            instead: '',
          },
        ],
        test: `${runFlow} › are never kept where they are secret, also if they were not before`,
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a set of every agent',
    attack:
      'A repository declares a set that is every agent, that refers to itself, or that has another meaning elsewhere.',
    promise: 'Such a set is not used, and says why.',
    tests: [
      `${filterSets} › says what is wrong with %s`,
      `${filterSets} › in a circle says which, and leaves the others usable`,
      `${filterSets} › are together, and a name with two meanings has none`,
    ],
    defences: [
      {
        what: 'the refusal of a name with two meanings',
        changes: [
          {
            file: 'src/declarations/filterSets.ts',
            code: "(other.kind === 'condition' && same(other, meaning))",
            instead: "(other.kind === 'condition' || same(other, meaning))",
          },
        ],
        test: `${filterSets} › are together, and a name with two meanings has none`,
        failure: /^AssertionError/,
      },
      {
        what: 'the trail of the sets that are being read',
        changes: [
          {
            file: 'src/declarations/filterSets.ts',
            code: 'if (trail.includes(name)) {',
            instead: "if (trail.includes(name) && name === '') {",
          },
        ],
        test: `${filterSets} › in a circle says which, and leaves the others usable`,
        failure: /^AssertionError/,
      },
    ],
  },
]
