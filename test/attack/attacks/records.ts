import type { Attack } from '../attack.ts'

/** On what is recorded of runs: the audit logs of agents, and the history of a master. */
export const recordAttacks: readonly Attack[] = [
  {
    name: 'an audit that is edited',
    attack: 'Lines of an audit log are changed, removed, moved or put in between.',
    promise: '"ec2-cagent audit verify" tells of each, but for the last lines.',
    tests: ['unit/chain/hashChain › tells of any line that was changed, removed, moved, or put in between'],
    defences: [
      {
        what: 'the digest of the line before',
        changes: [
          {
            file: 'src/chain/hashChain.ts',
            code: '(link.prev !== before.hash || link.seq !== before.seq + 1)',
            instead: 'link.seq !== before.seq + 1',
          },
        ],
        test: 'unit/chain/hashChain › tells of any line that was changed, removed, moved, or put in between',
        failure: /./,
      },
    ],
  },
  {
    name: 'an audit that is emptied',
    attack: 'The file of an audit log is emptied, deleted or replaced under the running agent.',
    promise: '"ec2-cagent audit verify" tells that earlier lines were cut off.',
    tests: [
      'unit/agent/log/auditLog › that was %s under the agent is told by verifying it: it begins as no file of a log does',
      'integration/agent/auditing › by "%s" is told when that is verified',
    ],
    defences: [
      {
        what: 'asking how a file of the log begins',
        changes: [
          {
            file: 'src/chain/auditChain.ts',
            code: 'return { ...report, problems: [cut, ...report.problems] }',
            instead: 'return report && { ...report, problems: [cut].slice(1).concat(report.problems) }',
          },
        ],
        test: 'unit/agent/log/auditLog › that was %s under the agent is told by verifying it: it begins as no file of a log does',
        failure: /AssertionError/,
      },
      {
        what: 'telling a deleted file from one that was moved',
        changes: [
          {
            file: 'agent/src/log/logFile.ts',
            code: 'isOther && before.nlink > 0 && after?.size === 0',
            instead: 'isOther && after?.size === 0',
          },
        ],
        test: 'unit/agent/log/auditLog › that was %s under the agent is told by verifying it: it begins as no file of a log does',
        failure: /AssertionError/,
      },
    ],
  },
  {
    name: 'a run without an audit',
    attack:
      'A command is executed, and the machine fails, or the end of the audit log is cut off, before it is on disk.',
    promise: 'The agent writes the line again when it starts: the journal vouches for it.',
    tests: [
      'unit/agent/store/journal › say of every run that it was received, wherever a failure of power cuts off what was not synced',
      'integration/agent/auditing › and kills the agent, and cuts off its own line, is written there again when the agent starts',
    ],
    defences: [
      {
        what: 'the journal, which knows the line',
        changes: [
          {
            file: 'agent/src/store/journal.ts',
            code: 'this.#audit.restore(receivedIn(lines))',
            instead: 'this.#audit.restore(receivedIn([]))',
          },
        ],
        test: 'unit/agent/store/journal › say of every run that it was received, wherever a failure of power cuts off what was not synced',
        failure: /AssertionError/,
      },
    ],
  },
  {
    name: 'an audit that is another story',
    attack:
      'An audit log is changed and its chain computed again, or a run is executed that nobody here has sent.',
    promise: '"ec2-cmaster audit compare" tells what differs from the history.',
    tests: ['unit/report/auditComparison › tells of %s'],
    defences: [
      {
        what: 'asking whether a history knows the run',
        changes: [
          {
            file: 'src/report/auditComparison.ts',
            code: 'if (known.has(runId) || first === undefined) continue',
            instead: 'if (known.size > 0 || first === undefined) continue',
          },
        ],
        test: 'unit/report/auditComparison › tells of %s',
        failure: /AssertionError/,
      },
      {
        what: 'asking for the lines of what the history knows',
        changes: [
          {
            file: 'src/report/auditComparison.ts',
            code: 'if (isMissing) {',
            instead: 'if (isMissing === null) {',
          },
        ],
        test: 'unit/report/auditComparison › tells of %s',
        failure: /AssertionError/,
      },
      {
        what: 'comparing what was executed',
        changes: [
          {
            file: 'src/report/auditComparison.ts',
            code: 'for (const event of events) compareCommand(where, state, event, findings)',
            instead:
              'for (const event of events.slice(events.length)) compareCommand(where, state, event, findings)',
          },
        ],
        test: 'unit/report/auditComparison › tells of %s',
        failure: /AssertionError/,
      },
    ],
  },
  {
    name: 'a history that is edited',
    attack: 'The record of a run is changed, removed, put there or cut off, or the chain of the history is.',
    promise: '"ec2-cmaster audit compare" tells of each.',
    tests: ['unit/master/store/verifyHistory › tells of %s'],
    defences: [
      {
        what: 'the digest of the events',
        changes: [
          {
            file: 'src/master/store/verifyHistory.ts',
            code: 'if (digest.part().sha256 !== sha256)',
            instead: "if (digest.part().sha256 === '')",
          },
        ],
        test: 'unit/master/store/verifyHistory › tells of %s',
        failure: /AssertionError/,
      },
      {
        what: 'the entry after which a record was made',
        changes: [
          {
            file: 'src/master/store/runRecord.ts',
            code: 'start, after: chain.head() })',
            instead: 'start, after: { seq: 0, hash: null } })',
          },
        ],
        test: 'unit/master/store/verifyHistory › tells of %s',
        failure: /AssertionError/,
      },
      {
        what: 'the digests of outputs',
        changes: [
          {
            file: 'src/master/store/verifyContent.ts',
            code: "if (reply.output !== 'complete' || reply.digest === undefined) return true",
            instead: "if (reply.output !== 'none') return true",
          },
        ],
        test: 'unit/master/store/verifyHistory › tells of %s',
        failure: /AssertionError/,
      },
    ],
  },
  {
    name: 'an empty audit to compare',
    attack: 'The audit log of a server is emptied before it is compared with the history.',
    promise: '"ec2-cmaster audit compare" does not take it for one that was not given.',
    tests: ['unit/report/auditComparison › tells of %s'],
    defences: [
      {
        what: 'an empty log that counts',
        changes: [
          {
            file: 'src/report/agentAudit.ts',
            code: "if (lines.every(({ line }) => line === ''))",
            instead: 'if (lines.length === 0)',
          },
        ],
        test: 'unit/report/auditComparison › tells of %s',
        failure: /^AssertionError/,
      },
    ],
  },
]
