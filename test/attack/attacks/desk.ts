import type { Attack } from '../attack.ts'

/** On the developer’s machine, and on what a person confirms there. */
export const deskAttacks: readonly Attack[] = [
  {
    name: 'a repository that lifts protection',
    attack:
      'The settings or the file of a workspace change the endpoint, the profile or the protection of an environment of the user.',
    promise:
      'What the user’s settings say of a name is not changed by a workspace; protected holds wherever it stands.',
    tests: [
      'unit/declarations/declaredEnvironments › gets no other %s from the workspace’s settings',
      'unit/declarations/declaredEnvironments › gets no other meaning from a workspace file, and the file’s is not used beside it',
      'unit/declarations/declaredEnvironments › of a name holds everywhere when it stands in %s',
    ],
    defences: [
      {
        what: 'the user’s own settings first',
        changes: [
          {
            file: 'src/declarations/declaredEnvironments.ts',
            code: "      const own = origin.scope === 'user' ? undefined : users.get(name)\n",
            instead:
              "      const own = origin.scope === 'user' || name !== '' ? undefined : users.get(name)\n",
          },
        ],
        test: 'unit/declarations/declaredEnvironments › gets no other %s from the workspace’s settings',
        failure: /^AssertionError/,
      },
      {
        what: 'the protection of any scope',
        changes: [
          {
            file: 'src/declarations/declaredEnvironments.ts',
            code: 'guarded.has(each.environment.name) ? guard(each) : each',
            instead: "guarded.has('') ? guard(each) : each",
          },
        ],
        test: 'unit/declarations/declaredEnvironments › of a name holds everywhere when it stands in %s',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'an endpoint that listens',
    attack:
      'An endpoint by http:// on another machine gets commands with their secrets, and session tokens, in clear.',
    promise: 'http:// is for this machine only.',
    tests: [
      'unit/queues/endpoint › is not %s',
      'unit/queues/sdkInternals › is refused before anything is signed: %s=%s',
    ],
    defences: [
      {
        what: 'the look at each address before it is signed for',
        changes: [
          {
            file: 'src/queues/sqsClient.ts',
            code: '  checkAddresses(sdk, (used) => {\n    address = used\n  })\n',
            instead: '',
          },
        ],
        test: 'unit/queues/sdkInternals › is refused before anything is signed: %s=%s',
        failure: /but got 'a request'/,
      },
      {
        what: 'the look at the host',
        changes: [
          {
            file: 'src/queues/endpoint.ts',
            code: "  if (url.protocol === 'http:' && !isLoopback(url.hostname))",
            instead: "  if (url.protocol === 'http:' && url.hostname === '')",
          },
        ],
        test: 'unit/queues/endpoint › is not %s',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a workspace that connects',
    attack:
      'A workspace that is opened sends commands to an endpoint of its own, or has a profile of its choice run its program.',
    promise:
      'What a workspace chose is asked about once, before credentials are read; an opened file connects to nothing.',
    tests: [
      'unit/console/profile/workspaceConsent › is refused without a question while the user does nothing',
      'unit/console/snippets/snippetLenses › connects to nothing, and stays up to date while its environment is open for another reason',
      'unit/console/openedFile › connects to nothing, reads no credentials and asks nothing; connecting asks once, and then counts',
    ],
    defences: [
      {
        what: 'the question',
        changes: [
          {
            file: 'src/console/profile/workspaceConsent.ts',
            code: '    if (choice === undefined) return\n',
            instead: "    if (choice === undefined || 'endpoint' in choice) return\n",
          },
        ],
        test: 'unit/console/profile/workspaceConsent › is refused without a question while the user does nothing',
        failure: /instead of rejecting/,
      },
      {
        what: 'lenses that only watch',
        changes: [
          {
            file: 'src/console/snippets/snippetLenses.ts',
            code: 'this.#connections.watchOpen(environment)',
            instead: 'this.#connections.watch(environment)',
          },
        ],
        test: 'unit/console/snippets/snippetLenses › connects to nothing, and stays up to date while its environment is open for another reason',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a script that is not one',
    attack:
      'A snippet names a file outside of its folder, or behind a link, so that keys are sent to servers.',
    promise: 'A file is read by its real path within its folder only.',
    tests: [
      'unit/console/send/scriptContent › may not be outside of its folder: %j',
      'unit/console/send/scriptContent › is never what lay outside, even if the link was there only for the opening',
      'unit/console/send/scriptFile › of scope %j may name files: %s',
    ],
    defences: [
      {
        what: 'the real path',
        changes: [
          {
            file: 'src/console/send/scriptContent.ts',
            code: "    if (real !== undefined && !isBelow(root, real)) throw new NotAScript(file, 'outside')\n",
            instead: '',
          },
        ],
        test: 'unit/console/send/scriptContent › may not be outside of its folder: %j',
        failure: /^AssertionError/,
      },
      {
        what: 'the look at the file that is open',
        changes: [
          {
            file: 'src/console/send/scriptContent.ts',
            code: 'there !== undefined && isSameFile(opened, there)',
            instead: 'there !== undefined && opened.ino !== 0n',
          },
        ],
        test: 'unit/console/send/scriptContent › is never what lay outside, even if the link was there only for the opening',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a terminal that obeys',
    attack:
      'An output or a reason moves the cursor, sets the title or the clipboard, or rewrites the line of another server.',
    promise: 'Terminals get text, tabs and colours.',
    tests: [
      'unit/terminal/printable › never gives a terminal anything but text, tabs and colours',
      'unit/terminal/printable › makes one line of a name or a reason',
      'unit/exits/exits › shows %s as text',
    ],
    defences: [
      {
        what: 'visible lines in the terminals of tasks',
        changes: [
          {
            file: 'src/console/tasks/runTerminal.ts',
            code: 'this.#write(`${visibleLine(line)}\\n`)',
            instead: 'this.#write(`${line}\\n`)',
          },
        ],
        test: 'unit/exits/exits › shows %s as text',
        failure: /^AssertionError/,
      },
      {
        what: 'visible text in reasons',
        changes: [
          {
            file: 'src/terminal/printable.ts',
            code: 'return visibleLine(withoutSgr(text))',
            instead: 'return withoutSgr(text)',
          },
        ],
        test: 'unit/terminal/printable › makes one line of a name or a reason',
        failure: /./,
      },
    ],
  },
  {
    name: 'a page that sends',
    attack: 'A results page that was taken over asks for a command, or for one to be run again.',
    promise: 'A page can only ask; a person confirms outside of it.',
    tests: [
      'unit/console/send/confirmation › never lets a page send by itself',
      'unit/page/fromPage › is dropped when it is anything else',
    ],
    defences: [
      {
        what: 'the question',
        changes: [
          {
            file: 'src/console/send/confirmation.ts',
            code: "    case 'page':\n      return { kind: 'ask' }",
            instead: "    case 'page':\n      return { kind: 'none' }",
          },
        ],
        test: 'unit/console/send/confirmation › never lets a page send by itself',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a protected environment',
    attack: 'A task, a keybinding or another extension sends without a question.',
    promise: 'The name of a protected environment is typed, wherever a command comes from.',
    tests: [
      'unit/console/send/confirmation › asks for the name of a protected environment, whatever is sent and wherever it comes from',
    ],
    defences: [
      {
        what: 'the name',
        changes: [
          {
            file: 'src/console/send/confirmation.ts',
            code: "  if (environment.environment.protected) return { kind: 'type-name', name }\n",
            instead:
              "  if (environment.environment.protected && origin.kind === 'page') return { kind: 'type-name', name }\n",
          },
        ],
        test: 'unit/console/send/confirmation › asks for the name of a protected environment, whatever is sent and wherever it comes from',
        failure: /^AssertionError/,
      },
    ],
  },
  {
    name: 'a command that is out of sight',
    attack:
      'A command of a repository begins harmlessly, and what follows stands behind blanks or empty lines.',
    promise: 'The question shows how many there are, and what follows.',
    tests: ['unit/text/visibleText › counts what would push the rest out of sight'],
    defences: [
      {
        what: 'counting blanks of different kinds together',
        changes: [
          {
            file: 'src/text/visibleText.ts',
            code: '`[ \\\\t]{${mostBlanks + 1},}|',
            instead: '` {${mostBlanks + 1},}|\\\\t{${mostBlanks + 1},}|',
          },
        ],
        test: 'unit/text/visibleText › counts what would push the rest out of sight',
        failure: /^AssertionError/,
      },
    ],
  },
]
