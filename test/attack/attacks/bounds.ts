import type { Attack } from '../attack.ts'

/** On the memory and the logs of agents and masters. */
export const boundsAttacks: readonly Attack[] = [
  {
    name: 'one message ends every agent',
    attack: 'A command of some kilobytes that becomes millions of values, whatever the policy says.',
    promise:
      'The agent counts before it parses: it refuses the message, obeys the next, and a running deployment goes on.',
    tests: [
      'unit/protocol/hostileBodies › lives through every shape in every size, and reads what comes after each',
      'unit/protocol/boundedJson › is parsed as any other where each count is just reached, and refused where one is passed',
      'integration/faults/bounds › lives through hostile bodies with what it runs, obeys what comes after them, and logs one line for their sender',
    ],
    defences: [
      {
        what: 'the count of commas, colons and brackets before anything is parsed',
        changes: [
          {
            file: 'src/protocol/boundedJson.ts',
            code: '    if (marks > bounds.marks)\n',
            instead: '    if (marks > bounds.marks && depth < 0)\n',
          },
        ],
        test: 'unit/protocol/hostileBodies › lives through every shape in every size, and reads what comes after each',
        failure: /heap/,
      },
      {
        what: 'the limit of what gzip unpacks to',
        changes: [
          { file: 'src/protocol/envelope.ts', code: '{ maxOutputLength: mostBytes }', instead: '{}' },
          {
            file: 'src/protocol/boundedJson.ts',
            code: '  if (text.length > bounds.characters)\n',
            instead: '  if (text.length > bounds.characters && text.length < 0)\n',
          },
        ],
        test: 'unit/protocol/hostileBodies › lives through every shape in every size, and reads what comes after each',
        failure: /heap/,
      },
      {
        what: 'the limit of nesting',
        changes: [
          {
            file: 'src/protocol/boundedJson.ts',
            code: '      if (depth > bounds.depth)\n',
            instead: '      if (depth > bounds.depth && marks < 0)\n',
          },
        ],
        test: 'unit/protocol/boundedJson › is parsed as any other where each count is just reached, and refused where one is passed',
        failure: /Property failed/,
      },
    ],
  },
  {
    name: 'a flood of facts',
    attack: 'Forged facts, each as large as facts may be, until a master has no memory left.',
    promise:
      'The master keeps the agents that it knows, lists those that prove who they are, and says what it left out.',
    tests: [
      'unit/master/fleet/flood › is lived through by a master with a small heap, which says what it left out',
      'unit/master/fleet/inventory › never lets a flood push out an agent that it knows, nor keep out an instance that proves who it is',
      'unit/master/fleet/inventory › lists no more agents of one instance than it may speak for',
    ],
    defences: [
      {
        what: 'the bound of the inventory',
        changes: [
          {
            file: 'src/master/fleet/inventory.ts',
            code: '    if (excess !== undefined) {\n',
            instead: '    if (excess !== undefined && excess.length < 0) {\n',
          },
        ],
        test: 'unit/master/fleet/flood › is lived through by a master with a small heap, which says what it left out',
        failure: /heap/,
      },
      {
        what: 'the number of agents that one instance may speak for',
        changes: [
          {
            file: 'src/master/fleet/inventoryLoad.ts',
            code: ">= this.#bounds.agentsPerInstance) return 'sender'",
            instead: ">= 1_000_000) return 'sender'",
          },
        ],
        test: 'unit/master/fleet/inventory › lists no more agents of one instance than it may speak for',
        failure: /^AssertionError/,
      },
      {
        what: 'the part of the memory that is kept for those who prove who they are',
        changes: [
          {
            file: 'src/master/fleet/inventoryLoad.ts',
            code: "(identityOf(next) === 'unproven' && after.unproven > this.#bounds.unprovenHeapBytes)",
            instead: 'false',
          },
        ],
        test: 'unit/master/fleet/inventory › never lets a flood push out an agent that it knows, nor keep out an instance that proves who it is',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a log that is flooded',
    attack:
      'A sender sends unreadable messages again and again, so that the log fills the disk or hides what matters.',
    promise: 'The log has a line for the first, the tenth, the hundredth of each sender.',
    tests: ['unit/queues/senderTally › reports the first, the tenth, the hundredth of each sender'],
    defences: [
      {
        what: 'the tally of senders',
        changes: [
          {
            file: 'src/queues/senderTally.ts',
            code: 'return isPowerOfTen(count) ? count : undefined',
            instead: 'return isPowerOfTen(count) || count > 0 ? count : undefined',
          },
        ],
        test: 'unit/queues/senderTally › reports the first, the tenth, the hundredth of each sender',
        failure: /^AssertionError/,
      },
    ],
  },
]
