import type { Attack } from '../attack.ts'

/** By somebody who may send replies and facts, and wants to be taken for a server. */
export const identityAttacks: readonly Attack[] = [
  {
    name: 'a session of another role',
    attack:
      'Somebody assumes a role of theirs under the name of an instance, and sends its reply: AWS attaches the name that they chose.',
    promise: 'An instance is proven by the role only that first proved it, until a person lets go of it.',
    tests: [
      'integration/faults/hostilePeers › does not take a session of another role for an instance that has proven its own, and shows the conflict',
      'unit/master/fleet/identities › is never believed without proof again, nor with that of another role',
    ],
    defences: [
      {
        what: 'the pinned role',
        changes: [
          {
            file: 'src/master/fleet/identities.ts',
            code: 'return pinned === undefined || pinned === roleId',
            instead: 'return pinned === undefined || pinned.length > roleId.length - 1_000',
          },
        ],
        test: 'unit/master/fleet/identities › is never believed without proof again, nor with that of another role',
        failure: /expected 'proven' to be 'forged'/,
      },
    ],
  },
  {
    name: 'patience until a proof is forgotten',
    attack:
      'Somebody waits until an instance was not seen for a while, and then speaks in its name without proof.',
    promise: 'Once proven, an instance is never believed without proof, also after restarts of the master.',
    tests: [
      'unit/master/fleet/identities › is never believed without proof again, nor with that of another role',
      'unit/master/fleet/identities › is believed without proof in no order of messages, restarts and pauses',
    ],
    defences: [
      {
        what: 'the memory of a proof',
        changes: [
          {
            file: 'src/master/fleet/identities.ts',
            code: "return instance !== undefined || this.#pins.roleOf(agentId) !== undefined ? 'forged' : 'unproven'",
            instead: "return instance !== undefined ? 'forged' : 'unproven'",
          },
        ],
        test: 'unit/master/fleet/identities › is never believed without proof again, nor with that of another role',
        failure: /expected 'unproven' to be 'forged'/,
      },
    ],
  },
  {
    name: 'an instance that is twenty agents',
    attack:
      'With the credential of one instance somebody sends facts of twenty agents with the host name of another.',
    promise: 'All but one are shown to conflict, and all to have the same host name.',
    tests: [
      'unit/master/fleet/identities › shows up with every agent that it makes up under the host name of another',
      'integration/faults/hostilePeers › shows agents that an instance makes up under the host name of another, and tells who sent them',
    ],
    defences: [
      {
        what: 'one agent for each instance',
        changes: [
          {
            file: 'src/master/fleet/identities.ts',
            code: "return voice === undefined || voice === agentId ? 'unproven' : 'conflicting'",
            instead: "return voice === '' ? 'conflicting' : 'unproven'",
          },
        ],
        test: 'unit/master/fleet/identities › shows up with every agent that it makes up under the host name of another',
        failure: /AssertionError/,
      },
    ],
  },
  {
    name: 'a host name with another alphabet',
    attack:
      'An agent reports a host name that looks like that of another server, with Cyrillic or invisible letters.',
    promise: 'The name is shown with the codes of such characters, and both are told to look alike.',
    tests: [
      'unit/hosts/similarNames › is shown with codes for all else: %j',
      'unit/hosts/similarNames › look alike with %s',
    ],
    defences: [
      {
        what: 'the codes',
        changes: [
          {
            file: 'src/text/shownHostname.ts',
            code: 'return plain.test(name) ? name :',
            instead: 'return name !== strange.source ? name :',
          },
        ],
        test: 'unit/hosts/similarNames › is shown with codes for all else: %j',
        failure: /AssertionError/,
      },
    ],
  },
]
