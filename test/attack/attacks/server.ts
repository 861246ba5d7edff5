import type { Attack } from '../attack.ts'

/** On servers, through what agents do for those who send commands. */
export const serverAttacks: readonly Attack[] = [
  {
    name: 'root by a run as nobody',
    attack:
      'A run that a policy limits to another user brings variables that act on the program that changes the user (LD_*).',
    promise: 'Nothing that is still root sees a variable of the run.',
    tests: [
      'unit/agent/execution/changeOfUser › lets %s act on its own program, and on none that is still root',
    ],
    defences: [
      {
        what: 'setting the variables after the change of user',
        changes: [
          {
            file: 'agent/src/execution/changeOfUser.ts',
            code: '  const { file, args, environment, directory } = launch\n',
            instead:
              '  const { file, args, directory } = launch\n  const environment = { ...launch.environment, ...variables }\n',
          },
        ],
        asRoot: true,
        test: 'unit/agent/execution/changeOfUser › lets %s act on its own program, and on none that is still root',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'secrets in ps',
    attack:
      'A local user reads the variables of a run, and with them its secrets, from the command lines of processes.',
    promise: 'Variables are on no command line.',
    tests: [
      'unit/agent/execution/changeOfUser › has its variables on no command line, and no descriptor of the agent’s',
    ],
    defences: [
      {
        what: 'the pipe that carries them',
        changes: [
          {
            file: 'agent/src/execution/changeOfUser.ts',
            code: "'sh', directory, file, ...args] as const",
            instead:
              "'sh', directory, '/usr/bin/env', ...entries.map(([name, value]) => `${name}=${value}`), file, ...args] as const",
          },
          {
            file: 'agent/src/execution/changeOfUser.ts',
            code: '&& exec 3<&- && exec "$@"\'',
            instead: '&& exec 3<&- && "$@"\'',
          },
        ],
        asRoot: true,
        test: 'unit/agent/execution/changeOfUser › has its variables on no command line, and no descriptor of the agent’s',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'root deletes for a run',
    attack: 'The user of a script puts a link, or a folder of root’s, where the agent is going to delete.',
    promise: 'The folder of a script stays root’s, and root deletes one file and one empty folder by name.',
    tests: [
      'unit/agent/execution/changeOfUser › lies in a folder of root’s, beside which its user can put nothing, and is gone afterwards',
      'unit/agent/execution/changeOfUser › that makes itself something else is deleted, and nothing else',
    ],
    defences: [
      {
        what: 'the folder that stays root’s',
        changes: [
          {
            file: 'agent/src/execution/scriptFile.ts',
            code: '  await chmod(folder, 0o711)\n',
            instead: '  await chmod(folder, 0o711)\n  await chown(folder, user.uid, user.gid)\n',
          },
        ],
        asRoot: true,
        test: 'unit/agent/execution/changeOfUser › lies in a folder of root’s, beside which its user can put nothing, and is gone afterwards',
        failure: /^AssertionError|ENOENT|ENOTEMPTY/,
      },
    ],
  },
  {
    name: 'a directory that root enters for a run',
    attack:
      'A run as nobody asks for a directory below one that only root may enter, and reads there by relative paths; or a part of its path is exchanged when the policy has decided.',
    promise:
      'A directory is entered with the rights of the run’s user, and it is the one that was decided about.',
    tests: [
      'unit/agent/execution/changeOfUser › is entered with the rights of its user, who may enter less than root',
      'unit/agent/execution/changeOfUser › is not another when it is exchanged for %s between decision and start',
    ],
    defences: [
      {
        what: 'entering it after the change of user',
        changes: [
          {
            file: 'agent/src/execution/changeOfUser.ts',
            code: "    return { file: change, args: [...ids, ...started], directory: '/',",
            instead: '    return { file: change, args: [...ids, file, ...args], directory,',
          },
        ],
        asRoot: true,
        test: 'unit/agent/execution/changeOfUser › is entered with the rights of its user, who may enter less than root',
        failure: /^AssertionError/,
      },
      {
        what: 'the look at where it is then',
        changes: [
          {
            file: 'agent/src/execution/changeOfUser.ts',
            code: '[ "$(pwd -P; echo .)" = "$1\n." ]',
            instead: 'true',
          },
        ],
        asRoot: true,
        test: 'unit/agent/execution/changeOfUser › is not another when it is exchanged for %s between decision and start',
        failure: /^AssertionError/,
      },
      {
        what: 'the descriptor of the directory',
        changes: [
          {
            file: 'agent/src/execution/directory.ts',
            code: 'return { path: await readlink(entrance), entrance,',
            instead: 'return { path: await readlink(entrance), entrance: path,',
          },
        ],
        asRoot: true,
        test: 'unit/agent/execution/changeOfUser › is not another when it is exchanged for %s between decision and start',
        failure: /^AssertionError|^Error/,
      },
    ],
  },
  {
    name: 'allowed words with another meaning',
    attack:
      'A command or script that a policy allows, in a directory that somebody prepared, as another user, by another interpreter, with arguments, or with a variable of the loader.',
    promise:
      'A rule with certain commands or scripts allows only what it names, and no pattern names a guarded variable.',
    tests: [
      'unit/agent/policy/policyDecision › allows no other %s than it names',
      'unit/agent/policy/policyDecision › lets a guarded variable pass only where a rule names it exactly',
      'unit/agent/policy/policyDecision › allows by a pattern no directory that users other than root and the run’s can change',
    ],
    defences: [
      {
        what: 'the meaning of what is left out',
        changes: [
          {
            file: 'agent/src/policy/ruleDemands.ts',
            code: '  return allow !== undefined || scripts !== undefined\n',
            instead: '  return allow !== undefined && scripts !== undefined && allow === scripts\n',
          },
        ],
        test: 'unit/agent/policy/policyDecision › allows no other %s than it names',
        failure: /^AssertionError/,
      },
      {
        what: 'the list of guarded variables',
        changes: [
          {
            file: 'agent/src/policy/ruleDemands.ts',
            code: '    const guarded = whyGuarded(variable, value)\n',
            instead: "    const guarded = whyGuarded('A', value)\n",
          },
        ],
        test: 'unit/agent/policy/policyDecision › lets a guarded variable pass only where a rule names it exactly',
        failure: /^AssertionError/,
      },
      {
        what: 'the look at who can change a directory',
        changes: [
          {
            file: 'agent/src/policy/ruleDemands.ts',
            code: 'found?.isOthers !== true',
            instead: 'found?.isOthers !== undefined',
          },
        ],
        test: 'unit/agent/policy/policyDecision › allows by a pattern no directory that users other than root and the run’s can change',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a policy that vanishes',
    attack: 'The file of a policy is moved away, rewritten in two steps, or broken by a typing mistake.',
    promise: 'Once a policy was in force, its absence or a mistake means that nothing is allowed.',
    tests: [
      'unit/agent/settings/livePolicy › follows its file at each look: written, broken, corrected, moved away, back again',
      'unit/agent/settings/livePolicy › stays closed without its file after a restart, and without being named, until the configuration says none',
    ],
    defences: [
      {
        what: 'the memory that there was one',
        changes: [
          {
            file: 'agent/src/policy/policyInForce.ts',
            code: '            : wasInForce\n',
            instead: '            : wasInForce && false\n',
          },
        ],
        test: 'unit/agent/settings/livePolicy › stays closed without its file after a restart, and without being named, until the configuration says none',
        failure: /^AssertionError/,
      },
      {
        what: 'the mark in the state directory',
        changes: [
          {
            file: 'agent/src/settings/livePolicy.ts',
            code: '    () => true,\n    // What cannot be told',
            instead: '    () => false,\n    // What cannot be told',
          },
        ],
        test: 'unit/agent/settings/livePolicy › stays closed without its file after a restart, and without being named, until the configuration says none',
        failure: /^AssertionError/,
      },
      {
        what: 'the closing at a mistake',
        changes: [
          {
            file: 'agent/src/policy/policyInForce.ts',
            code: "      return { kind: 'closed', reason: `${file.reason} Until",
            instead:
              "      return requirePolicy === undefined ? { kind: 'open', why: 'never-set' } : { kind: file.reason === '' ? 'closed' : 'open', why: 'never-set', reason: `${file.reason} Until",
          },
        ],
        test: 'unit/agent/settings/livePolicy › follows its file at each look: written, broken, corrected, moved away, back again',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a first policy',
    attack: 'A policy is put on a server that never had one, and commands go on as before.',
    promise: 'It is in force at the next command.',
    tests: ['unit/agent/settings/livePolicy › is in force when it appears where there was none'],
    defences: [
      {
        what: 'looking at its place although nothing was there',
        changes: [
          {
            file: 'agent/src/settings/livePolicy.ts',
            code: 'if (again || stamp !== this.#stamp) {',
            instead: 'if (again || this.#stamp === undefined) {',
          },
        ],
        test: 'unit/agent/settings/livePolicy › is in force when it appears where there was none',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'the output of somebody else',
    attack:
      'Somebody who may run one harmless command sends it under the run id of an operator, or asks for that output again.',
    promise: 'An output goes to the sender that started the run, and to others only by a rule that says so.',
    tests: [
      'unit/agent/intake/intake › lets nobody read a run that somebody else started, unless a rule says so',
      'unit/agent/intake/intake › takes a run that was signed for another than the same sender’s unsigned one',
    ],
    defences: [
      {
        what: 'the comparison with who started it',
        changes: [
          {
            file: 'agent/src/intake/intake.ts',
            code: '  return owner !== undefined && !isSamePrincipal(owner, by)',
            instead: "  return owner !== undefined && owner.sender === '' && !isSamePrincipal(owner, by)",
          },
        ],
        test: 'unit/agent/intake/intake › lets nobody read a run that somebody else started, unless a rule says so',
        failure: /^AssertionError/,
      },
      {
        what: 'the key as a part of who somebody is',
        changes: [
          {
            file: 'agent/src/policy/principal.ts',
            code: ' && (owner.key === undefined || owner.key === other.key)',
            instead: '',
          },
        ],
        test: 'unit/agent/intake/intake › takes a run that was signed for another than the same sender’s unsigned one',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a session name of one’s own',
    attack: 'A role is assumed under the session name of somebody else.',
    promise: 'Roles are known by their id alone.',
    tests: [
      'unit/agent/intake/intake › knows roles by their id alone, as the session name is chosen by the one who assumes the role',
    ],
    defences: [
      {
        what: 'leaving the session name out',
        changes: [
          {
            file: 'agent/src/policy/principal.ts',
            code: "senderId?.split(':')[0]",
            instead: "senderId?.split('|')[0]",
          },
        ],
        test: 'unit/agent/intake/intake › knows roles by their id alone, as the session name is chosen by the one who assumes the role',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a recorded order',
    attack: 'A signed order to send an output again is recorded and played back, again and again.',
    promise: 'It is obeyed once.',
    tests: [
      'unit/agent/intake/intake › does not send an output again for an order that was recorded and replayed',
    ],
    defences: [
      {
        what: 'the memory of orders',
        changes: [
          {
            file: 'agent/src/intake/intake.ts',
            code: "action.kind === 'resend' && (context.knowsOrder",
            instead: "action.kind === 'resend' && action.runId === '' && (context.knowsOrder",
          },
        ],
        test: 'unit/agent/intake/intake › does not send an output again for an order that was recorded and replayed',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a command played back',
    attack: 'A command that was read from the queue is sent again, later or with a new date.',
    promise: 'A run is executed at most once, and nothing that is too old.',
    tests: [
      'unit/agent/intake/admission › that is played back long after it was issued is refused',
      'unit/agent/intake/admission › is repeated when its run is known, unless the answer would leave the environment',
      'integration/faults/hostilePeers › executes a command that is played back once, also after a restart',
    ],
    defences: [
      {
        what: 'the memory of runs',
        changes: [
          {
            file: 'agent/src/intake/admission.ts',
            code: '  if (isExecuted(command) && context.knows(command.runId)) {',
            instead: "  if (isExecuted(command) && command.runId === '' && context.knows(command.runId)) {",
          },
        ],
        test: 'unit/agent/intake/admission › is repeated when its run is known, unless the answer would leave the environment',
        failure: /^AssertionError/,
      },
      {
        what: 'the time between issuing and sending',
        changes: [
          {
            file: 'agent/src/intake/admission.ts',
            code: 'if (Math.abs(delayMs) <= ttlMs + sendingSlackMs) return undefined',
            instead: 'if (Math.abs(delayMs) >= 0) return undefined',
          },
        ],
        test: 'unit/agent/intake/admission › that is played back long after it was issued is refused',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'replies that leave the environment',
    attack: 'A command asks for its reply on a queue of somebody else.',
    promise: 'Replies go to queues of the environment only.',
    tests: ['unit/agent/intake/admission › is refused when replies would leave the environment'],
    defences: [
      {
        what: 'the rule for reply queues',
        changes: [
          {
            file: 'agent/src/intake/admission.ts',
            code: '  if (!mayReply) {\n    return refuse',
            instead: "  if (!mayReply && command.replyTo === '') {\n    return refuse",
          },
        ],
        test: 'unit/agent/intake/admission › is refused when replies would leave the environment',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a command for another environment',
    attack: 'A command that was made, and signed, for one environment is put into the queue of another.',
    promise: 'An agent executes commands of its own environment only.',
    tests: [
      'unit/agent/intake/admission › is refused when it was made for another environment, in a queue that is ours',
    ],
    defences: [
      {
        what: 'the name of the environment in the command',
        changes: [
          {
            file: 'agent/src/intake/admission.ts',
            code: '  if (command.environment !== environment) {',
            instead: "  if (command.environment === '') {",
          },
        ],
        test: 'unit/agent/intake/admission › is refused when it was made for another environment, in a queue that is ours',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a signature on something else',
    attack: 'Bytes are moved between a message and its data, or changed, under a signature that is valid.',
    promise: 'A signature covers the exact message and data.',
    tests: [
      'unit/protocol/envelope › covers message and data, also when they are gzipped',
      'unit/protocol/envelope › does not verify when bytes are moved from the data to the message',
    ],
    defences: [
      {
        what: 'the length in what is signed',
        changes: [
          {
            file: 'src/protocol/envelope.ts',
            code: '`ec2-collective/1\\n${data.length}\\n${text}\\n`',
            instead: '`ec2-collective/1\\n${text}\\n`',
          },
        ],
        test: 'unit/protocol/envelope › does not verify when bytes are moved from the data to the message',
        failure: /^AssertionError/,
      },
      {
        what: 'the data in what is signed',
        changes: [
          { file: 'src/protocol/envelope.ts', code: '\\n${text}\\n`), data])', instead: '\\n${text}\\n`)])' },
        ],
        test: 'unit/protocol/envelope › covers message and data, also when they are gzipped',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a policy or fact program that is exchanged',
    attack:
      'The owner of a folder above a policy or a fact program exchanges it between the agent’s look at it and its use.',
    promise: 'What others could exchange is not used.',
    tests: [
      'unit/agent/policy/fileTrust › is one where %s',
      'unit/agent/settings/livePolicy › is closed when others may put another file in its place',
      'unit/agent/facts/sources › executes nothing that others may exchange, because its directory is theirs',
    ],
    defences: [
      {
        what: 'the look at the folders above it',
        changes: [
          {
            file: 'agent/src/policy/fileTrust.ts',
            code: "      if (isOpen(found, rest.length === 0 ? 'file' : 'folder')) return true\n",
            instead: "      if (rest.length === 0 && isOpen(found, 'file')) return true\n",
          },
        ],
        test: 'unit/agent/facts/sources › executes nothing that others may exchange, because its directory is theirs',
        failure: /^AssertionError/,
      },
    ],
  },
]
