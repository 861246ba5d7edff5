import type { Attack } from '../attack.ts'

/** On whom a command reaches, and whether all of them are found. */
export const countAttacks: readonly Attack[] = [
  {
    name: 'forged facts',
    attack:
      'Facts that show an agent as another role, or an agent that publishes none, so that more execute than were confirmed.',
    promise: 'A command executes only on the agents that a person confirmed.',
    tests: [
      'integration/faults/confirmedAgents › binds: forged facts that hide an agent keep the command from it',
      'integration/faults/confirmedAgents › binds: forged facts that show an agent have it refuse',
      'integration/faults/confirmedAgents › binds: an agent that publishes no facts does not execute, although it matches',
    ],
    defences: [
      {
        what: 'the agent’s look at the targets',
        changes: [
          {
            file: 'agent/src/intake/admission.ts',
            code: '  if (targets?.includes(agentId) === false) return false\n',
            instead: '',
          },
        ],
        test: 'integration/faults/confirmedAgents › binds: an agent that publishes no facts does not execute, although it matches',
        failure: /Array\(3\)/,
      },
      {
        what: 'the names of the confirmed agents in the command',
        changes: [
          {
            file: 'src/master/engine/rolloutSteps.ts',
            code: "state.request.unseen === 'included' ? undefined : agentIds",
            instead: 'undefined as readonly string[] | undefined',
          },
        ],
        test: 'integration/faults/confirmedAgents › binds: forged facts that hide an agent keep the command from it',
        failure: /agent-/,
      },
      {
        what: 'the agent’s own look at the filter',
        changes: [
          {
            file: 'agent/src/intake/admission.ts',
            code: "  if (holds) return { kind: 'yes' }\n",
            instead: "  if (holds || isNamed === true) return { kind: 'yes' }\n",
          },
        ],
        test: 'integration/faults/confirmedAgents › binds: forged facts that show an agent have it refuse',
        failure: /agent-/,
      },
    ],
  },
  {
    name: 'unseen and protected',
    attack: 'A command to a protected environment that names nobody.',
    promise: 'Where an environment is protected, a command names its agents.',
    tests: ['unit/master/master › does not include agents that nobody confirmed %s, and sends nothing'],
    defences: [
      {
        what: 'the refusal of the master',
        changes: [
          {
            file: 'src/master/unseenNotAllowed.ts',
            code: '  if (environment.protected)\n',
            instead: '  if (environment.protected && rollout !== undefined)\n',
          },
        ],
        test: 'unit/master/master › does not include agents that nobody confirmed %s, and sends nothing',
        failure: /instead of rejecting/,
      },
    ],
  },
  {
    name: 'late counts',
    attack:
      'SQS counts 0 or a part, brings one to nine messages at a time, and nothing at half of the short polls.',
    promise: 'A look at the fleet misses nobody, or says that it may have.',
    tests: [
      'unit/master/fleet/queueSweep › of %i agents never miss one without saying that they may, in 1,000 sweeps',
    ],
    defences: [
      {
        what: 'the long poll and the second round, which prove a queue to be read',
        changes: [
          {
            file: 'src/master/fleet/queueSweep.ts',
            code: 'const left = await this.#whatIsLeft()',
            instead: "const left = this.messages > 0 ? 'nothing' : await this.#whatIsLeft()",
          },
          {
            file: 'src/master/fleet/queueSweep.ts',
            code: "if (areCountsGood || knows !== 'nobody' || this.messages === 0) return 'proved'",
            instead: "return 'proved'",
          },
        ],
        test: 'unit/master/fleet/queueSweep › of %i agents never miss one without saying that they may, in 1,000 sweeps',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'masters that sweep at once',
    attack: 'Two masters look at the same moment: each hides what the other looks for.',
    promise: 'None of them misses an agent without saying so.',
    tests: [
      'unit/master/fleet/queueSweep › of %i masters at a time, on %i agents, never miss one without saying that they may: %o',
    ],
    defences: [
      {
        what: 'the second round, in turns',
        changes: [
          {
            file: 'src/master/fleet/queueSweep.ts',
            code: "if (areCountsGood || knows !== 'nobody' || this.messages === 0) return 'proved'",
            instead: "return 'proved'",
          },
          {
            file: 'src/master/fleet/queueSweep.ts',
            code: 'if (notVisible > hidden + tolerated) return this.#disturbed()',
            instead: '',
          },
        ],
        test: 'unit/master/fleet/queueSweep › of %i masters at a time, on %i agents, never miss one without saying that they may: %o',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a rollout that goes on by itself',
    attack: 'A forged reply wakes a rollout whose window was closed.',
    promise: 'A rollout that is resumed later goes on only when a person confirms what is left.',
    tests: [
      'unit/master/runResumption › is never let go on by a reply, %i ms after its window was closed',
      'integration/master/resuming › is not continued by a forged reply, however soon, nor by the end of its step; a person continues it',
    ],
    defences: [
      {
        what: 'the pause of what is resumed',
        changes: [
          {
            file: 'src/master/runResumption.ts',
            code: 'await Run.restore(state, record, transport, pause?.why)',
            instead: 'await Run.restore(state, record, transport, undefined)',
          },
        ],
        test: 'unit/master/runResumption › is never let go on by a reply, %i ms after its window was closed',
        failure: /paused/,
      },
    ],
  },
  {
    name: 'agents that vanish',
    attack: 'Agents known a moment ago do not report when a command is sent.',
    promise: 'Each is named as missing before anything is sent.',
    tests: [
      'unit/master/fleet/reach › leaves nobody out without a word: who is gone or was never seen is named as missing',
      'unit/console/send/reviewItems › names who is missing, and says when the look at the fleet is unsure',
    ],
    defences: [
      {
        what: 'the list of those who are missing',
        changes: [
          {
            file: 'src/master/fleet/reach.ts',
            code: '    else if (hasLeft !== true || targets !== undefined) missing.push({ agentId, hostname, lastSeenAt })\n',
            instead: '',
          },
        ],
        test: 'unit/master/fleet/reach › leaves nobody out without a word: who is gone or was never seen is named as missing',
        failure: /^AssertionError/,
      },
      {
        what: 'the rows of the review',
        changes: [
          {
            file: 'src/console/send/reviewItems.ts',
            code: '...doubtDetails(reach, request, t),',
            instead: '...doubtDetails({ ...reach, missing: [] }, request, t),',
          },
        ],
        test: 'unit/console/send/reviewItems › names who is missing, and says when the look at the fleet is unsure',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'agents that stop on purpose',
    attack: 'Servers are shut down in order, and each command afterwards warns of them.',
    promise: 'An agent that said that it stops is not missing.',
    tests: [
      'unit/master/fleet/reach › misses nobody who has said that it stops, unless it is named by hand',
      'unit/master/fleet/inventory › expects nothing of an agent that has said that it stops, until it is there again',
    ],
    defences: [
      {
        what: 'the farewell',
        changes: [
          {
            file: 'src/master/fleet/sighting.ts',
            code: '...(leaving === true ? { hasLeft: true as const } : {})',
            instead: '...{}',
          },
        ],
        test: 'unit/master/fleet/inventory › expects nothing of an agent that has said that it stops, until it is there again',
        failure: /^AssertionError/,
      },
      {
        what: 'its use in the reach',
        changes: [
          {
            file: 'src/master/fleet/reach.ts',
            code: 'else if (hasLeft !== true || targets !== undefined) missing',
            instead: 'else if (hasLeft !== true || hasLeft) missing',
          },
        ],
        test: 'unit/master/fleet/reach › misses nobody who has said that it stops, unless it is named by hand',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'executed without being meant',
    attack: 'An agent that the command does not name executes it all the same.',
    promise: 'It is unexpected from its first word: first, red, an exit code of its own, never a success.',
    tests: [
      'unit/run/unexpected › is unexpected from its first word on, and never counts as a success',
      'unit/report/exitCode › is 5 as soon as an agent has executed the command without being named, whatever the others did',
      'integration/faults/confirmedAgents › is told by its reply: unexpected, with an exit code of its own, beside those that were meant',
    ],
    defences: [
      {
        what: 'the verdict of its own',
        changes: [{ file: 'src/run/runReducer.ts', code: '    if (isExposed) expose(reply)\n', instead: '' }],
        test: 'unit/run/unexpected › is unexpected from its first word on, and never counts as a success',
        failure: /^AssertionError/,
      },
      {
        what: 'the exit code of its own',
        changes: [
          {
            file: 'src/report/exitCode.ts',
            code: '  if (state.unexpected > 0) return unexpectedCode\n',
            instead: '',
          },
        ],
        test: 'unit/report/exitCode › is 5 as soon as an agent has executed the command without being named, whatever the others did',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a count that changes',
    attack: 'Agents come or go between the answer of a person and the sending.',
    promise: 'The fleet is looked at again, and others than those confirmed are asked about.',
    tests: [
      'unit/console/send/runs › is what is sent: agents that come while a person is asked are shown, and asked about',
      'unit/console/send/runs › is looked at again before it is sent to a protected environment, always',
      'integration/cli/confirmation › asks again for the name of a protected environment when an agent has joined while it asked',
    ],
    defences: [
      {
        what: 'the comparison with what was shown',
        changes: [
          {
            file: 'src/console/send/runs.ts',
            code: 'if (confirmed !== undefined && changed === undefined) {',
            instead: 'if (confirmed !== undefined) {',
          },
        ],
        test: 'unit/console/send/runs › is what is sent: agents that come while a person is asked are shown, and asked about',
        failure: /^AssertionError/,
      },
      {
        what: 'the second look',
        changes: [
          {
            file: 'src/console/send/runs.ts',
            code: 'confirmed.wasAsked && (environment.environment.protected || !isFresh)',
            instead: 'confirmed.wasAsked && !isFresh',
          },
        ],
        test: 'unit/console/send/runs › is looked at again before it is sent to a protected environment, always',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'text that hides itself',
    attack:
      'A command with line breaks, invisible characters or marks that turn text round, so that the question shows another than will run.',
    promise: 'What a person confirms shows all of it, and each such character as its code.',
    tests: [
      'unit/console/send/question › holds the whole command, the hosts and the note there',
      'unit/console/send/reviewItems › shows what cannot be seen, and what would push the rest out of sight',
      'unit/text/visibleText › never holds anything that cannot be seen, or reorders the rest',
    ],
    defences: [
      {
        what: 'visible text',
        changes: [
          {
            file: 'src/text/visibleText.ts',
            code: '  return text.replace(deceptiveRuns,',
            instead: '  return text.replace(/(\\0)(\\0)/g,',
          },
        ],
        test: 'unit/console/send/reviewItems › shows what cannot be seen, and what would push the rest out of sight',
        failure: /^AssertionError/,
      },
    ],
  },
]
