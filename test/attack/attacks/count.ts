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
            code: "state.request.unseen === 'included' ? undefined : step",
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
        failure: /./,
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
        failure: /./,
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
        failure: /./,
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
]
