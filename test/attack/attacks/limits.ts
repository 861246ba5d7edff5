import type { Attack } from '../attack.ts'

/** On what a policy, a protected name and the queue promise to those who rely on them. */
export const limitAttacks: readonly Attack[] = [
  {
    name: 'a signature of somebody else',
    attack: 'A command is unsigned, signed by another key under a known name, or by one that has expired.',
    promise: 'A rule that requires a key allows only what that key has signed in its time.',
    tests: [
      'integration/agent/commands › refuses signatures by others, and such that were made long before',
      'unit/agent/policy/policyDecision › understands a key as %s',
      'unit/agent/policy/policyDecision › takes a key until it expires, by SQS’s clock',
    ],
    defences: [
      {
        what: 'verifying',
        changes: [
          {
            file: 'agent/src/policy/ruleDemands.ts',
            code: '  if (!signature.verifies(key.publicKey))\n',
            instead: "  if (signature.key === '')\n",
          },
        ],
        test: 'unit/agent/policy/policyDecision › understands a key as %s',
        failure: /^AssertionError/,
      },
      {
        what: 'the expiry of keys',
        changes: [
          {
            file: 'agent/src/policy/ruleDemands.ts',
            code: '  if (isExpired(key, now)) return expiredReason(signature.key, key)\n',
            instead: '',
          },
        ],
        test: 'unit/agent/policy/policyDecision › takes a key until it expires, by SQS’s clock',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a key that nobody verified',
    attack: 'A command claims the key of somebody else, so that the audit names them.',
    promise: 'The audit has the key that was claimed and the key that was verified apart.',
    tests: [
      'unit/agent/policy/principal › is verified only where the signature is valid, the key is known, and has not expired',
    ],
    defences: [
      {
        what: 'verifying before it is noted',
        changes: [
          {
            file: 'agent/src/policy/principal.ts',
            code: ' && signature.verifies(key.publicKey)',
            instead: '',
          },
        ],
        test: 'unit/agent/policy/principal › is verified only where the signature is valid, the key is known, and has not expired',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a run that waits for a better policy',
    attack: 'A run is allowed, waits for a free slot, and the policy is made stricter meanwhile.',
    promise: 'The policy is asked again when the run starts.',
    tests: [
      'unit/agent/intake/intake › asks the policy again when the run starts: it may have waited, and the policy have changed',
      'integration/agent/commands › is asked again when a run that has waited starts',
    ],
    defences: [
      {
        what: 'the policy of that moment',
        changes: [
          {
            file: 'agent/src/intake/intake.ts',
            code: 'verdictBy(await context.policyNow(), found)',
            instead: 'verdictBy(context.policy, found)',
          },
        ],
        test: 'unit/agent/intake/intake › asks the policy again when the run starts: it may have waited, and the policy have changed',
        failure: /Error/,
      },
    ],
  },
  {
    name: 'the agent’s own credentials',
    attack: 'A run reads AWS keys from its environment.',
    promise: 'A run gets path and language of the agent’s environment, and nothing else.',
    tests: ['unit/agent/execution/users › has path, language and home, and nothing else of the agent’s'],
    defences: [
      {
        what: 'the list of what is passed on',
        changes: [
          {
            file: 'agent/src/execution/baseEnvironment.ts',
            code: "(passedOn.includes(name) || name.startsWith('LC_'))",
            instead: "(passedOn.includes(name) || name !== '')",
          },
        ],
        test: 'unit/agent/execution/users › has path, language and home, and nothing else of the agent’s',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a pipeline in a workspace',
    attack:
      'ec2-cmaster is started in a workspace that protects an environment, and its own configuration does not.',
    promise: 'It asks for the name as the editor does.',
    tests: [
      'integration/cli/confirmation › needs the name of an environment that a workspace file above it protects',
    ],
    defences: [
      {
        what: 'reading the file of the workspace',
        changes: [
          {
            file: 'src/cli/configuration.ts',
            code: ' || protectingFile(name, directory) !== undefined',
            instead: '',
          },
        ],
        test: 'integration/cli/confirmation › needs the name of an environment that a workspace file above it protects',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a command that is hidden',
    attack:
      'Who may receive on the command queue hides or deletes a command, so that agents seem to be silent.',
    promise: 'The run says that its command is hidden.',
    tests: [
      'unit/master/engine/commandWatch › is hidden after three looks in a row that did not find it, with the number of silent agents',
    ],
    defences: [
      {
        what: 'looking for it',
        changes: [
          {
            file: 'src/master/engine/commandWatch.ts',
            code: '    if (silent.length === 0) return\n',
            instead: '    if (silent.length >= 0) return\n',
          },
        ],
        test: 'unit/master/engine/commandWatch › is hidden after three looks in a row that did not find it, with the number of silent agents',
        failure: /^AssertionError/,
      },
    ],
  },
]
